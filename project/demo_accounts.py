"""The accounts of `make demo`, opened as people open theirs: credentials, a login, an upload."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Any
from urllib.parse import parse_qs, urlsplit

from snapshots.demo.cointracking import KEYS as COINTRACKING_KEYS
from snapshots.demo.files import ZONE, positions_export
from snapshots.demo.saxo import KEYS as SAXO_KEYS
from snapshots.demo.upbit import KEYS as UPBIT_KEYS
from snapshots.intake.reading import request_reading
from snapshots.models import Account, Credential, EnteredPosition, Upload
from snapshots.models.surroundings import surroundings_of
from snapshots.sources.saxo_tokens import authorize_url, challenge_of, first_session, new_verifier
from snapshots.upkeep.keeping import resume_keep_alive

CALLBACK = "http://127.0.0.1/made-up/callback/"  # nobody comes back there: we read the code
A_MONTH = 24 * 30  # h
SAVINGS: tuple[dict[str, Any], ...] = (
    {"ticker": "CHF", "name": "Savings account", "kind": "currency", "price": Decimal(1),
     "amount": Decimal(1_150)},
    {"ticker": "XAU", "name": "Gold, in ounces", "kind": "commodity", "price": Decimal(2150),
     "amount": Decimal("0.25"), "location": "Safe"},
)  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class MadeUp:
    """An account that is to be there. The first of its keys may be shown in part."""

    source: str
    name: str
    currency: str
    settings: Mapping[str, Any] = field(default_factory=dict)
    keys: Mapping[str, str] = field(default_factory=dict)


ACCOUNTS = (
    MadeUp(source="cointracking_api", name="Coins", currency="USD", keys=COINTRACKING_KEYS,
           settings={"by_exchange": True, "calls_per_hour": 60}),
    MadeUp(source="saxo_api", name="Broker", currency="EUR", keys=SAXO_KEYS),
    MadeUp(source="upbit", name="Korea", currency="KRW", keys=UPBIT_KEYS),
    MadeUp(source="saxo", name="Pension", currency="EUR", settings={"stale_after_hours": A_MONTH}),
    MadeUp(source="manual", name="Savings", currency="CHF",
           settings={"stale_after_hours": A_MONTH}),
)  # fmt: skip


def open_accounts(owner: Any, *, since: datetime, now: datetime) -> dict[str, Account]:
    """Return the accounts by source; those that are there stay as their owner set them.

    since  when the past begins that is told of them
    """
    found = {}
    for one in ACCOUNTS:
        account, is_new = Account.objects.ensure(
            owner=owner,
            source=one.source,
            name=one.name,
            currency=one.currency,
            timezone=ZONE,
            settings=dict(one.settings),
            flows_known_since=since,
        )
        if one.keys:
            credential = Credential.objects.filter(account=account).first()
            first = next(iter(one.keys.values()))
            (credential or Credential(account=account)).put(one.keys, key=first, now=now)
        if is_new and one.source == "manual":
            for values in SAVINGS:
                EnteredPosition.objects.create(account=account, **values)
        found[one.source] = account
    return found


def log_in(account: Account) -> None:
    """Log in at Saxo as its owner would in a browser: there with a challenge, back with a code."""
    import httpx

    around = surroundings_of(account)
    verifier = new_verifier()
    there = {"redirect_uri": CALLBACK, "state": "demo", "challenge": challenge_of(verifier)}
    back = httpx.get(authorize_url(around, there), trust_env=False).headers["location"]
    code = parse_qs(urlsplit(back).query)["code"][0]
    account.credential.keep(first_session(around, code, CALLBACK, verifier))
    resume_keep_alive()


def upload_positions(account: Account, now: datetime) -> int | None:
    """Bring an export of today, and return the number of the run that reads it."""
    name, text = positions_export(now)
    by = account.owner
    Upload.objects.take(account, name=name, data=text.encode(), by=by.pk, now=now)
    return request_reading(by)
