"""What ccxt's errors mean here.

Each exchange of ccxt sorts its own errors, and not always well: a refusal of too many requests
comes as ExchangeError from some, and an ordinary 400 or 404 as ExchangeNotAvailable. So the status
of the answer is heeded first, and ccxt's class only where it says more.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from prices.venues.answers import shown
from prices.venues.base import (
    InvalidAnswer,
    KeysRefused,
    NotOffered,
    UnderMaintenance,
    UnknownInstrument,
    VenueError,
    VenueUnavailable,
)
from prices.venues.caller import Answer, Caller

# By the names of ccxt's classes, the first of which one is, or inherits from.
MEANINGS: Mapping[str, type[VenueError]] = {
    "OnMaintenance": UnderMaintenance,
    "BadSymbol": UnknownInstrument,
    "NotSupported": NotOffered,
    "AuthenticationError": KeysRefused,
    "BadResponse": InvalidAnswer,
}
REFUSALS = ("RateLimitExceeded", "DDoSProtection")
FAULTS = ("OperationFailed",)  # of the network or the exchange: they pass
BANS = re.compile(r"\b(lock ?out|locked out|banned|blocked)\b", re.IGNORECASE)
MOST_TEXT = 200  # characters of what the exchange said


def meant_by(error: Exception, answer: Answer, where: str, caller: Caller) -> VenueError | None:
    """Return what an error of ccxt means; None if the status of the answer says it better."""
    text = " ".join(str(error).split())[:MOST_TEXT]
    said = f"{where} answered {answer.status}: {text or shown(answer.body)}"
    kinds = kinds_of(error)
    if kinds.intersection(REFUSALS):
        is_ban = BANS.search(str(error))
        return caller.banned(said, answer) if is_ban else caller.limited(said, answer)
    for name, meaning in MEANINGS.items():
        if name in kinds:
            return meaning(said)
    if answer.status != 200:
        return None
    return VenueUnavailable(said) if kinds.intersection(FAULTS) else InvalidAnswer(said)


def kinds_of(error: Exception) -> set[str]:
    """Return the names of the error's class and of all that it inherits from."""
    return {kind.__name__ for kind in type(error).__mro__}
