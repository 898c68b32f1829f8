"""Snapshots of made-up portfolios for tests: rows as `capture` writes them, without a source."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

from snapshots.models import Account, Snapshot, SnapshotPosition
from snapshots.slots import end_of_day
from tests.snapshots.factories import make_account

MONDAY = date(2026, 3, 2)
KNOWN_SINCE = datetime(2020, 1, 1, tzinfo=UTC)


def make_tracked(owner: Any = None, **values: Any) -> Account:
    """Make an account whose flows are known."""
    return make_account(owner, **({"flows_known_since": KNOWN_SINCE} | values))


def end(account: Account, day: date, value: Any, **values: Any) -> Snapshot:
    """Save the end of a day."""
    return save(account, end_of_day(day, account.zone), value, kind="eod", **values)


def quarter(account: Account, at: datetime, value: Any, **values: Any) -> Snapshot:
    """Save a quarter of an hour."""
    return save(account, at, value, kind="intraday", **values)


def save(account: Account, at: datetime, value: Any, **values: Any) -> Snapshot:
    total = None if value is None else Decimal(value)
    given: dict[str, Any] = {
        "slot_at": at,
        "business_date": at.astimezone(account.zone).date(),
        "as_of": at,
        "is_complete": values.get("status", "accepted") == "accepted",
        "currency": account.currency,
        "total_value": total,
        "total_usd": total,
        "total_reporting": total,
    }
    return Snapshot.objects.create(account=account, **(given | values))


def days(account: Account, values: list[Any], *, first: date = MONDAY) -> list[Snapshot]:
    """Save an end of each day; None = that day failed."""
    return [
        end(account, first + timedelta(days=n), value, **({} if value else {"status": "failed"}))
        for n, value in enumerate(values)
    ]


def put(snapshot: Snapshot, ticker: str, amount: Any, value: Any, **values: Any) -> None:
    """Save a position in a snapshot."""
    given: dict[str, Any] = {"kind": "coin"} | values
    SnapshotPosition.objects.create(
        snapshot=snapshot, ticker=ticker, amount=Decimal(amount), value=Decimal(value),
        value_usd=Decimal(value), **given,
    )  # fmt: skip
    Snapshot.objects.filter(pk=snapshot.pk).update(position_count=snapshot.positions.count())
