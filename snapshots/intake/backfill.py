"""Write the ends of past days of an account, as its source tells of them afterwards."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import cast

from django.db import transaction

from snapshots.capture.completeness import record_missed
from snapshots.capture.judging_again import judge_again
from snapshots.capture.storing import Draft, is_better, store, store_new
from snapshots.intake.flow_import import Imported, import_series
from snapshots.intake.past import Days, ends_of
from snapshots.models import Account, Portfolio, Snapshot
from snapshots.slots import MINUTE, Slot
from snapshots.sources.base import Source
from snapshots.sources.history import DailyValue, Historian
from snapshots.valuing.conversion import find_rates
from snapshots.valuing.rates import Rates, find_manual_rate
from snapshots.valuing.valuation import require_currency, value_total

BATCH = 100  # days in one transaction: others who write to the account wait for that long
Planned = tuple[Slot, Draft]


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """What is asked for, and by which run.

    now          nothing after it is written
    is_dry_run   ask and count, and write nothing
    should_stop  is asked between batches; what was written stays
    """

    now: datetime
    run_id: int | None
    is_dry_run: bool = False
    should_stop: Callable[[], bool] = bool


@dataclass(slots=True)
class Backfilled:
    """What became of the days.

    written       ends of days; `replaced` are those of them that had a snapshot, by its status
    left          kept what they had, by its status; "decided" = somebody decided about it
    worthless     told to be worth 0 or less: what a source says that knows nothing looks alike
    without_rate  days whose value is in a currency without a rate of that day
    untold        the source has no value of them
    flows         None: the source does not tell
    explained     suspects that were accepted, as new flows explain them
    leaves_a_gap  between flows that are known now and those that were
    """

    account: Account
    days: Days
    written: int = 0
    unchanged: int = 0
    replaced: Counter[str] = field(default_factory=Counter)
    left: Counter[str] = field(default_factory=Counter)
    worthless: int = 0
    without_rate: list[date] = field(default_factory=list)
    untold: int = 0
    flows: Imported | None = None
    explained: int = 0
    leaves_a_gap: bool = False


def backfill(account: Account, days: Days, order: Order) -> Backfilled:
    """Ask the source once for the past of `days`, and write what is better than what is there.

    Each batch counts by itself, and doing it again changes nothing: who was stopped, or killed,
    begins anew. Raise SourceError.
    """
    source = account.open_source()
    _require_currency(account, source)
    # What it tells of this moment is none of the past, and another figure a moment later.
    told = cast(Historian, source).history(days.since, min(days.until, order.now - MINUTE))
    if not order.is_dry_run:
        # These look back to the newest row of an account: first what is missing, then ours.
        record_missed(account, until=order.now)
    found = Backfilled(account, days)
    ends = list(ends_of(told, days).items())
    found.untold = days.count - len(ends)
    for start in range(0, len(ends), BATCH):
        if order.should_stop():
            return found
        planned = list(_planned(ends[start : start + BATCH], found, order))
        with transaction.atomic():
            _write(planned, found, order)
    _keep_flows([one for one in told if one.flow is not None], found, order)
    return found


def _require_currency(account: Account, source: Source) -> None:
    """Refuse values in another currency: a history does not say in which it is.

    An answer that was accepted says it; without any the source is asked once more.
    """
    taken = Snapshot.objects.filter(account=account, status="accepted", reviewed_at=None)
    if not taken.filter(currency=account.currency).exists():
        require_currency(source.fetch(), account.currency)


def _planned(
    ends: Sequence[tuple[date, tuple[Slot, DailyValue]]], found: Backfilled, order: Order
) -> Iterator[Planned]:
    """Yield what may be written, oldest first; count what may not."""
    reporting = Portfolio.objects.reporting_currency(found.account.owner_id)
    for day, (slot, value) in ends:
        if value.total <= 0:
            found.worthless += 1
            continue
        rates = _rates_of(found.account, reporting, slot.stands_for_at)
        if rates is None:
            found.without_rate.append(day)
            continue
        yield slot, _draft(found.account, value, rates, order)


def _rates_of(account: Account, reporting: str, at: datetime) -> Rates | None:
    """Return the rates of a past instant; one in the settings is none of before it was so."""
    manual = find_manual_rate(account.settings)
    settings = account.settings if manual is not None and manual.at <= at else {}
    return find_rates(account.currency, reporting, settings, at=at)


def _draft(account: Account, value: DailyValue, rates: Rates, order: Order) -> Draft:
    says = f"From the history of {account.source}, as it told it on {order.now:%Y-%m-%d}."
    return Draft(
        status="backfilled",
        is_complete=True,
        currency=account.currency,
        valuation=value_total(value.total, rates),
        as_of=value.at,
        fetched_at=order.now,
        reasons=[{"guard": "", "says": says, "blocks": False}],
        run_id=order.run_id,
    )


def _write(planned: Sequence[Planned], found: Backfilled, order: Order) -> None:
    account = found.account
    if not planned:
        return
    if not order.is_dry_run:
        # Who takes a snapshot of the account meanwhile waits here.
        Account.objects.take_turns(account.pk)
    known = Snapshot.objects.filter(
        account=account,
        kind="eod",
        business_date__range=(planned[0][0].business_date, planned[-1][0].business_date),
    )
    before = {row.business_date: row for row in known}
    new: list[Planned] = []
    for slot, draft in planned:
        row = before.get(slot.business_date)
        if row is None:
            new.append((slot, draft))
        elif _is_same(row, draft):
            found.unchanged += 1
            continue
        elif reason := _why_left(row, draft):
            found.left[reason] += 1
            continue
        else:
            found.replaced[row.status] += 1
            if not order.is_dry_run:
                store(account, slot, draft, now=order.now)
        found.written += 1
    if not order.is_dry_run:
        store_new(account, new)


def _is_same(row: Snapshot, draft: Draft) -> bool:
    valuation = draft.valuation
    assert valuation is not None  # noqa: S101 (it is made of a total)
    return (row.status, row.total_value, row.currency, row.reporting_currency) == (
        draft.status, valuation.total_value, draft.currency, valuation.rates.reporting_currency,
    )  # fmt: skip


def _why_left(row: Snapshot, draft: Draft) -> str:
    """Return what keeps a row; empty: the draft is better.

    A suspect waits for a person, or for later answers: a history that has the same half in it
    would settle it wrongly.
    """
    if row.reviewed_at is not None:
        return "decided"
    if row.status == "suspect":
        return "suspect"
    return "" if is_better(draft, row) else row.status


def _keep_flows(told: Sequence[DailyValue], found: Backfilled, order: Order) -> None:
    """Keep what came and went; if that is all of it, the flows of these days are known."""
    if not told:
        return
    with transaction.atomic():
        found.flows = import_series(found.account, told)
        if found.flows.is_whole:
            until = max(one.at for one in told)
            found.leaves_a_gap = not found.account.learn_flows(found.days.since, until)
        transaction.set_rollback(order.is_dry_run)
    if found.flows.since is not None and not order.is_dry_run:
        explained = judge_again(found.account, found.flows.since, now=order.now)
        found.explained = len(explained)
