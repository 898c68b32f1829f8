"""One access token for all jobs, threads and processes, kept in the database."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

from prices.models.access_token import AccessToken, mark_of
from prices.venues.access_tokens import AskedTooSoon, IssuedToken
from prices.venues.base import InvalidAnswer, KeysRefused, RateLimited
from prices.venues.caller import Chance
from vault.secret import Secret

PACE = timedelta(seconds=61)  # KIS gives one a minute
PATIENCE = timedelta(seconds=90)  # of those who wait for the one who asks
FIRST_LOOK, LONGEST_LOOK = 0.1, 1.0  # s between looks whether the token is there


class DatabaseTokens:
    """The row of `AccessToken` for a venue and a key.

    key  a mark of the keys; never the keys themselves
    """

    def __init__(self, venue: str, key: str, chance: Chance | None = None) -> None:
        self.venue = venue
        self.key = key
        self._chance = chance or Chance()

    def current(self, ask: Callable[[], IssuedToken]) -> Secret:
        give_up_at = self._chance.now() + PATIENCE
        pause = FIRST_LOOK
        while True:
            now = self._chance.now()
            row = AccessToken.objects.shared(venue=self.venue, key=self.key)
            token: Secret | None = row.token
            if token and row.is_usable(now):
                return token
            if row.claim(now, pace=PACE):
                issued = self._ask(row, ask)
                if issued:
                    return issued
                continue
            self._refuse_to_wait(row, now, give_up_at)
            self._chance.sleep(pause * (0.5 + self._chance.random() / 2))
            pause = min(LONGEST_LOOK, 2 * pause)

    def refuse(self, token: Secret) -> None:
        AccessToken.objects.shared(venue=self.venue, key=self.key).refuse(token)

    def _ask(self, row: AccessToken, ask: Callable[[], IssuedToken]) -> Secret | None:
        """Return the token that the venue gives us; None if it gives none so soon."""
        issued, refusal, next_ask_at = None, "", None
        try:
            issued = self._sound(ask(), row)
            row.keep(issued.token, issued_at=self._chance.now(), expires_at=issued.expires_at)
            return issued.token
        except AskedTooSoon as exc:
            next_ask_at = exc.until
            return None
        except KeysRefused as exc:
            next_ask_at, refusal = self._chance.now() + PACE, str(exc)
            raise
        finally:  # also when a run is told to stop
            if issued is None:
                row.release(next_ask_at or self._chance.now(), refusal)

    def _sound(self, issued: IssuedToken, row: AccessToken) -> IssuedToken:
        """Return the token unless we know that it is of no use."""
        if mark_of(issued.token) == row.refused_mark:
            raise KeysRefused(f"{self.venue} gives the access token again that it does not take.")
        if issued.expires_at <= self._chance.now():
            raise InvalidAnswer(
                f"{self.venue} gives an access token that has ended at "
                f"{issued.expires_at:%Y-%m-%d %H:%M}Z. Is this machine's clock right?"
            )
        return issued

    def _refuse_to_wait(self, row: AccessToken, now: datetime, give_up_at: datetime) -> None:
        if row.refusal and now < row.next_ask_at:
            raise KeysRefused(row.refusal)
        if now > give_up_at or row.next_ask_at > give_up_at:
            raise RateLimited(
                f"{self.venue} gives no access token before {row.next_ask_at:%Y-%m-%d %H:%M:%S}Z.",
                until=row.next_ask_at,
            )
