"""Take a snapshot of an account: ask its source, value the answer, keep it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Literal

from django.db import transaction

from snapshots.models import Account, Snapshot, SnapshotPosition
from snapshots.rates import USD, find_manual_rate
from snapshots.slots import Slot
from snapshots.sources.base import (
    InvalidStatement,
    SourceError,
    SourceUnavailable,
    Statement,
)
from snapshots.valuation import Valuation, ValuedPosition, value_statement

BATCH = 500  # positions written with one statement

# A run that is late, or tries again, reads a file that was exported since; the end of a day may
# start two hours late. Data from later than that is of another time, not of a late run.
MAX_LATENESS = timedelta(hours=2)

Outcome = Literal["created", "replaced", "kept"]


class StatementTooLate(SourceError):
    """The data is from long after the slot, so that it says nothing about it."""


@dataclass(frozen=True, slots=True)
class Captured:
    """The snapshot of a slot as it now stands, and what came of the data that was fetched.

    outcome  "kept" = the slot has newer data already, so nothing was written
    as_of    of the data that was fetched
    """

    snapshot: Snapshot
    outcome: Outcome
    as_of: datetime


def capture(account: Account, slot: Slot, *, min_usd: Decimal, run_id: int | None) -> Captured:
    """Take the snapshot of `account` for `slot`; the slot has one, whatever runs twice.

    min_usd  positions worth less are not kept; the total counts them
    run_id   the run that asks for it

    Raise SourceError, and write nothing, if the source gives no answer that can be trusted.
    """
    statement = account.open_source().fetch()
    _require_whole(statement)
    _require_of_its_time(statement, account, slot)
    valuation = value_statement(
        statement,
        currency=account.currency,
        rate=find_manual_rate(account.settings),
        min_usd=min_usd,
    )
    with transaction.atomic():
        # Whoever takes the same snapshot at the same time waits here, and then finds this one.
        Account.objects.select_for_update(no_key=True).get(pk=account.pk)
        before = Snapshot.objects.in_slot(account, slot).first()
        if before and before.as_of and before.as_of > statement.as_of:
            return Captured(before, "kept", statement.as_of)
        snapshot = before or Snapshot(account=account)
        snapshot.run_id = run_id
        _fill(snapshot, slot, statement=statement, valuation=valuation)
        snapshot.save()
        _write_positions(snapshot, valuation)
    return Captured(snapshot, "replaced" if before else "created", statement.as_of)


def _require_whole(statement: Statement) -> None:
    failed = [f"{part.name}: {part.error}" for part in statement.parts if not part.is_ok]
    if not statement.is_complete:
        raise SourceUnavailable(
            f"The source answered only in part, and a part is no portfolio. {'; '.join(failed)}"
        )
    if not statement.positions:
        raise InvalidStatement(
            f"{statement.parts[0].name} lists no position. That is what a failed export looks "
            "like, so it is not taken as a portfolio worth 0. Export it again."
        )


def _require_of_its_time(statement: Statement, account: Account, slot: Slot) -> None:
    if statement.as_of - slot.stands_for_at <= MAX_LATENESS:
        return
    data_from, slot_at = (
        f"{instant.astimezone(account.zone):%Y-%m-%d %H:%M}"
        for instant in (statement.as_of, slot.slot_at)
    )
    raise StatementTooLate(
        f"{statement.parts[0].name} has data from {data_from}, slot {slot_at} "
        f"({account.timezone}): that is too late for the slot. Take the slot with data of its "
        "time, or trigger without scheduled_at."
    )


def _fill(snapshot: Snapshot, slot: Slot, *, statement: Statement, valuation: Valuation) -> None:
    rate = valuation.rate
    snapshot.kind = slot.kind
    snapshot.slot_at = slot.slot_at
    snapshot.business_date = slot.business_date
    snapshot.status = Snapshot.Status.ACCEPTED
    snapshot.as_of = statement.as_of
    snapshot.is_complete = statement.is_complete
    snapshot.currency = statement.currency
    snapshot.total_value = valuation.total_value
    snapshot.total_usd = valuation.total_usd
    snapshot.fx_rate = rate.rate if rate else None
    snapshot.fx_at = rate.at if rate else None
    snapshot.fx_source = rate.source if rate else ""
    snapshot.reporting_currency = USD
    snapshot.total_reporting = valuation.total_usd
    snapshot.reporting_rate = snapshot.fx_rate
    snapshot.reporting_at = snapshot.fx_at
    snapshot.reporting_source = snapshot.fx_source
    snapshot.min_usd = valuation.min_usd
    snapshot.position_count = len(valuation.positions)
    snapshot.dust_count = valuation.dust_count
    snapshot.dust_value_usd = valuation.dust_value_usd


def _write_positions(snapshot: Snapshot, valuation: Valuation) -> None:
    SnapshotPosition.objects.filter(snapshot=snapshot).delete()
    rows = [_row_of(snapshot, valued) for valued in valuation.positions]
    SnapshotPosition.objects.bulk_create(rows, batch_size=BATCH)


def _row_of(snapshot: Snapshot, valued: ValuedPosition) -> SnapshotPosition:
    position = valued.position
    return SnapshotPosition(
        snapshot=snapshot,
        ticker=position.ticker,
        name=position.name,
        kind=position.kind,
        location=position.location,
        amount=position.amount,
        price=position.price,
        value=valued.value,
        value_usd=valued.value_usd,
    )
