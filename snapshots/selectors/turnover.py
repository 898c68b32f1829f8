"""How much of a portfolio was exchanged, from the positions at the ends of its days."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import timedelta
from decimal import Decimal

from snapshots.models import Snapshot, SnapshotPosition
from snapshots.performance.concentration import turnover
from snapshots.performance.measures import Measure
from snapshots.performance.periods import Point
from snapshots.performance.returns import ZERO
from snapshots.performance.split import Held
from snapshots.selectors.positions import is_all_dust, snapshots_at
from snapshots.selectors.scope import Scope

A_MONTH = timedelta(days=30)
MOST = 300_000  # positions that are read for one answer
NO_END = "No end of a day was accepted yet."
TOO_FEW = "Positions of two ends of days are needed."

Holding = Mapping[str, tuple[Decimal, Decimal]]  # by ticker: units, and what they were worth
# Of an account, in the order of the points: what it held; None = its positions are not kept.
Course = dict[int, Holding | None]


def read_turnover(scope: Scope, points: Sequence[Point]) -> Measure:
    """Return the turnover from the first of `points` to the last, oldest first.

    points  ends of days; the first and the last may be of any time

    It is the lesser of what was bought and sold. What moved from place to place, or between own
    accounts, is neither; nor is what came with an account that joined. Where positions of a day
    are not kept, as of one that was backfilled, trades show up on the next day of which they are.
    """
    if len(points) < 2:
        return Measure(reason=TOO_FEW if points else NO_END)
    chosen = _chosen(scope, points)
    number = sum(one.position_count for _, one in chosen)
    if number > MOST:
        return Measure(reason=f"These are {number:,} positions, too many to be read. Ask for less.")
    courses = _courses(scope, chosen)
    names = {one.account.pk: str(one.account) for one in scope.members}
    for account, course in courses.items():
        if sum(held is not None for held in course.values()) < min(2, len(course)):
            reason = f"Of {names[account]} the positions of fewer than two days are kept."
            return Measure(reason=reason)
    return _measured(courses, points)


def last_month(points: Sequence[Point]) -> list[Point]:
    return [one for one in points if one.at > points[-1].at - A_MONTH]


def _measured(courses: Mapping[int, Course], points: Sequence[Point]) -> Measure:
    average = sum((one.value for one in points), ZERO) / len(points)
    value = turnover(_together(courses.values(), len(points)), average)
    if value is None:
        return Measure(reason="It was worth 0 or less.")
    missing = {place for one in courses.values() for place, held in one.items() if held is None}
    note = f"Of {len(missing)} of {len(points)} days not all positions are kept." if missing else ""
    return Measure(value=float(value), note=note)


def _chosen(scope: Scope, points: Sequence[Point]) -> list[tuple[int, Snapshot]]:
    """Return the snapshots of each point, with the place of the point."""
    places = {one.business_date: place for place, one in enumerate(points)}
    ends = Snapshot.objects.counted().filter(
        account__in=[one.pk for one in scope.accounts], kind="eod", business_date__in=places
    )
    columns = ("account_id", "business_date", "slot_at", "position_count", "dust_count",
               "total_value", "fx_rate", "reporting_currency", "reporting_rate")  # fmt: skip
    found = [(places[one.business_date], one) for one in ends.order_by().only(*columns)]
    chosen = [(place, one) for place, one in found if one.slot_at <= points[place].at]
    for place in {0, len(points) - 1}:
        at = points[place].at
        there = {one.account_id: one.slot_at for number, one in chosen if number == place}
        if at in there.values():  # an end of a day
            continue
        present = {one.account.pk for one in scope.members if one.was_in(at) or one.first_at == at}
        absent = present - there.keys()
        newest = snapshots_at(scope, at)
        chosen += [(place, one) for one in newest if one.account_id in absent]
    return chosen


def _courses(scope: Scope, chosen: Sequence[tuple[int, Snapshot]]) -> dict[int, Course]:
    """Return what each account held at each place, without currencies, in the scope's currency."""
    rates = {one.pk: scope.rate_of(one) for _, one in chosen}
    rows = SnapshotPosition.objects.filter(snapshot__in=list(rates)).order_by()
    columns = ("snapshot_id", "ticker", "kind", "amount", "value")
    found: dict[int, dict[str, tuple[Decimal, Decimal]]] = defaultdict(dict)
    for number, ticker, kind, amount, value in rows.values_list(*columns):
        held, rate = found[number], rates[number]
        if value is not None and rate is not None and kind != SnapshotPosition.Kind.CURRENCY:
            units, worth = held.get(ticker, (ZERO, ZERO))
            held[ticker] = (units + amount, worth + value * rate)
    courses: dict[int, Course] = defaultdict(dict)
    for place, one in sorted(chosen, key=lambda item: item[0]):
        is_known = one.pk in found or is_all_dust(one)
        courses[one.account_id][place] = found[one.pk] if is_known else None
    return courses


def _together(courses: Iterable[Course], places: int) -> list[dict[str, Held]]:
    """Add up the accounts; where one is not known it counts with what it held before, or first."""
    sums: list[dict[str, tuple[Decimal, Decimal]]] = [{} for _ in range(places)]
    for course in courses:
        known = [held for held in course.values() if held is not None]
        current: Holding = known[0] if known else {}
        for place, total in enumerate(sums):
            held = course.get(place)
            current = current if held is None else held
            for ticker, (units, worth) in current.items():
                had, value = total.get(ticker, (ZERO, ZERO))
                total[ticker] = (had + units, value + worth)
    return [
        {
            ticker: Held(quantity=units, price=worth / units, fx=Decimal(1))
            for ticker, (units, worth) in one.items()
            if units
        }
        for one in sums
    ]
