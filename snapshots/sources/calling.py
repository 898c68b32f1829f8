"""What all sources that call share: who asks, what nobody may see, the errors of venues."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace

from prices.venues.base import (
    Banned,
    KeysRefused,
    RateLimited,
    VenueError,
    VenueUnavailable,
)
from prices.venues.caller import Answer
from snapshots.sources.base import (
    CredentialMissing,
    CredentialRefused,
    InvalidStatement,
    SourceUnavailable,
)
from snapshots.sources.surroundings import Login
from vault.secret import Secret


def who_asks(login: Login, wanted: Mapping[str, str]) -> Mapping[str, Secret]:
    """Return the credential. Raise CredentialMissing, or CredentialRefused.

    wanted  the names of what is in it, with their labels for people
    """
    fields = login.fields()
    missing = [label for name, label in wanted.items() if name not in fields]
    if missing:
        raise CredentialMissing(f"The credential lacks: {', '.join(missing)}. Set it anew.")
    unfit = [label for name, label in wanted.items() if not can_be_sent(fields[name].reveal())]
    if unfit:
        raise CredentialMissing(f"No key has a blank or a special character: {', '.join(unfit)}.")
    return fields


def can_be_sent(key: str) -> bool:
    """Tell whether a header can hold it; what refuses that for us would quote it."""
    return key.isascii() and key.isprintable() and " " not in key


def without_secrets(answer: Answer, login: Login) -> Answer:
    """Return the answer with what is secret taken out, before a message quotes its beginning."""
    shown = login.hide(answer.body.decode(errors="surrogateescape"))
    return replace(answer, body=shown.encode(errors="surrogateescape"))


@contextmanager
def as_source_errors(login: Login, remedy: str = "Set the credential anew.") -> Iterator[None]:
    """Turn each VenueError into a SourceError; keys that are refused are not tried again.

    remedy  what people have to do then
    """
    try:
        yield
    except KeysRefused as exc:
        said = f"{login.hide(str(exc)).rstrip('.')}. {remedy}"
        login.refuse(said)
        # Without its cause: that may quote what nobody may see.
        raise CredentialRefused(said) from None
    except (Banned, RateLimited, VenueUnavailable) as exc:
        raise SourceUnavailable(login.hide(str(exc))) from None
    except VenueError as exc:
        raise InvalidStatement(login.hide(str(exc))) from None
