"""The credential of an account, as its source gets at it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import TYPE_CHECKING

from prices.venues.caller import Chance
from snapshots.models.credential import Credential
from snapshots.sources.base import CredentialMissing, CredentialRefused, SourceUnavailable
from snapshots.sources.surroundings import Session
from vault.exceptions import CannotDecrypt
from vault.secret import HIDDEN, Secret

if TYPE_CHECKING:
    from snapshots.models.account import Account

PATIENCE = timedelta(seconds=60)  # of those who wait for the one who renews
LOOK = 0.2  # s between looks whether it is done


class StoredLogin:
    """The row of `Credential`, read anew each time: others set and renew it."""

    def __init__(self, account: Account, chance: Chance) -> None:
        self._account = account
        self._chance = chance
        self._used: Credential | None = None  # as it was when it was used last

    def fields(self) -> Mapping[str, Secret]:
        credential = self._usable()
        try:
            values = credential.read()
        except CannotDecrypt as exc:
            raise CredentialRefused(f"The credential: {exc}") from exc
        credential.note_use(self._chance.now())
        return values

    def refuse(self, reason: str) -> None:
        credential = self._used or self._find()
        if credential:
            credential.refuse(reason)

    def hide(self, text: str) -> str:
        credential = self._find()
        secrets = credential.secrets() if credential else ()
        for secret in sorted((one.reveal() for one in secrets), key=len, reverse=True):
            text = text.replace(secret, HIDDEN) if secret else text
        return text

    def session(self) -> Session:
        try:
            session = self._usable().session
        except CannotDecrypt as exc:
            raise CredentialRefused(f"The login: {exc}") from exc
        if session is None:
            raise CredentialMissing(
                "Nobody is logged in. Log in: in the admin, on the page of the account."
            )
        return session

    def renewed(self, old: Session, renew: Callable[[Session], Session]) -> Session:
        give_up_at = self._chance.now() + PATIENCE
        while self._chance.now() < give_up_at:
            current = self.session()
            if is_newer(current, old):
                return current
            credential = self._usable()
            if not credential.claim_renewal(self._chance.now()):
                self._chance.sleep(LOOK)
                continue
            return self._renewed_alone(credential, old, renew)
        raise SourceUnavailable("Somebody else renews the login. Try again.")

    def _renewed_alone(
        self, credential: Credential, old: Session, renew: Callable[[Session], Session]
    ) -> Session:
        current = self.session()  # whoever held the claim before may have been done by then
        if is_newer(current, old):
            credential.release_renewal()
            return current
        session = None
        try:
            session = renew(current)
        finally:  # also when a run is told to stop
            if session is None:
                credential.release_renewal()
        credential.keep(session)
        self._used = credential
        credential.note_use(self._chance.now())
        return session

    def _find(self) -> Credential | None:
        return Credential.objects.filter(account_id=self._account.pk).first()

    def _usable(self) -> Credential:
        credential = self._find()
        if credential is None:
            raise CredentialMissing(
                "The account has no credential. Set it in the admin, on the page of the account."
            )
        if credential.refusal:
            raise CredentialRefused(f"{credential.refusal} Nobody tries again before that.")
        self._used = credential
        return credential


def is_newer(session: Session, old: Session) -> bool:
    return session.access_token.reveal() != old.access_token.reveal()
