"""What a portfolio was worth over time: points where all of it is known, gaps where it is not."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from decimal import Decimal

from snapshots.models import Account, Snapshot
from snapshots.models.snapshot import BASELINES, COUNTED
from snapshots.performance.periods import Point
from snapshots.selectors.scope import Member, Scope
from snapshots.slots import LENGTH, end_of_day, is_slot
from snapshots.valuing.rates import USD

DAY = timedelta(days=1)
Status = Snapshot.Status
# A sum is as good as the least of its parts.
LEAST_FIRST = (Status.CARRIED, Status.BACKFILLED, Status.MANUAL, Status.ACCEPTED)


@dataclass(frozen=True, slots=True)
class Row:
    """A snapshot, as far as a curve needs it; value None = it does not count."""

    account_id: int
    at: datetime
    day: date
    status: str
    value: Decimal | None


@dataclass(frozen=True, slots=True, kw_only=True)
class CurvePoint:
    """What the portfolio was worth, or a gap.

    value    None = a gap: an account, or all, have nothing that counts
    status   the least of its accounts': carried, backfilled, manual, accepted
    missing  names of the accounts that have nothing
    taken    when each account was
    """

    at: datetime
    business_date: date
    value: Decimal | None
    status: str = Status.ACCEPTED
    missing: tuple[str, ...] = ()
    taken: Mapping[int, datetime] = field(default_factory=dict)

    @property
    def is_carried(self) -> bool:
        """Tell whether a part of it has an earlier value."""
        return self.status not in BASELINES

    @property
    def point(self) -> Point | None:
        if self.value is None:
            return None
        return Point(
            at=self.at,
            business_date=self.business_date,
            value=self.value,
            is_accepted=not self.is_carried,
            is_backfilled=self.status == Status.BACKFILLED,
            taken=self.taken,
        )


def read_ends(
    scope: Scope, *, since: date | None = None, until: date | None = None
) -> list[CurvePoint]:
    """Return the ends of days in [since, until], oldest first; a day without any is a gap."""
    slots: dict[date, dict[int, Row]] = defaultdict(dict)
    for row in read_rows(scope, "eod", since=since, until=until):
        slots[row.day][row.account_id] = row
    points = [_end(scope, day, rows) for day, rows in sorted(slots.items())]
    return list(_with_days_between([point for point in points if point]))


def read_days(scope: Scope, *, since: date | None = None) -> list[CurvePoint]:
    """Return the ends of days as `read_ends`, and what the portfolio is worth since the last."""
    ends = read_ends(scope, since=since)
    newest = scope.newest_day
    now = last_point(read_quarters(scope, since=newest)) if newest else None
    if now is None or (ends and now.at <= ends[-1].at):
        return ends
    return list(_with_days_between([*ends, now]))


def read_quarters(scope: Scope, *, since: date, until: date | None = None) -> list[CurvePoint]:
    """Return the quarters of an hour of the days in [since, until], oldest first.

    Days are those of the portfolio's zone. An account that has no slot then counts with its last
    end of a day: one that is taken at the end of the day only, or whose zone has night.
    """
    has_zones = len({one.timezone for one in scope.accounts}) > 1
    # The same instant may be of the day before or after in another zone.
    more = DAY if has_zones else timedelta(0)
    first, last = since - more, until + more if until else None
    slots: dict[datetime, dict[int, Row]] = defaultdict(dict)
    for row in read_rows(scope, "intraday", since=first, until=last):
        slots[row.at][row.account_id] = row
    resting = [one for one in scope.members if has_zones or not one.account.wants_intraday]
    held = _last_ends(scope, resting, since=since, until=last) if resting else {}
    points = []
    for at, rows in sorted(slots.items()):
        day = at.astimezone(scope.zone).date()
        if day < since or (until and day > until):
            continue
        for one in resting:
            held_row = _held_at(held[one.account.pk], at) if _rests(one.account, at) else None
            if held_row is not None:
                rows.setdefault(one.account.pk, held_row)
        present = [one for one in scope.members if _is_present(one, at)]
        points.append(_point(present, rows, at=at, day=day))
    return list(_with_quarters_between([point for point in points if point]))


def read_rows(
    scope: Scope, kind: str, *, since: date | None = None, until: date | None = None
) -> Iterator[Row]:
    """Yield the snapshots of a kind by account; in another reporting currency they do not count."""
    rows = scope.snapshots().filter(kind=kind)
    if since:
        rows = rows.filter(business_date__gte=since)
    if until:
        rows = rows.filter(business_date__lte=until)
    columns = ("account_id", "slot_at", "business_date", "status", scope.value_field)
    found = rows.order_by().values_list(*columns, "reporting_currency")
    for account_id, at, day, status, value, currency in found.iterator(chunk_size=10_000):
        is_counted = status in COUNTED and scope.currency in (USD, currency)
        yield Row(account_id, at, day, status, value if is_counted else None)


def last_point(points: Iterable[CurvePoint]) -> CurvePoint | None:
    """Return the newest that has a value."""
    return max((one for one in points if one.value is not None), key=lambda one: one.at,
               default=None)  # fmt: skip


def _end(scope: Scope, day: date, rows: Mapping[int, Row]) -> CurvePoint | None:
    """Add up the ends of a day, which differ by zone; None until it is over in each of them."""
    present = []
    for one in scope.members:
        row = rows.get(one.account.pk)
        at = row.at if row else end_of_day(day, one.account.zone)
        if not _is_present(one, at):
            continue
        if row is None and scope.newest_at is not None and at > scope.newest_at:
            return None
        present.append(one)
    return _point(present, rows, at=max(row.at for row in rows.values()), day=day)


def _point(
    present: Sequence[Member], rows: Mapping[int, Row], *, at: datetime, day: date
) -> CurvePoint | None:
    """Add up the accounts that were part of the portfolio then; None if none was."""
    if not present:
        return None
    found = [rows.get(one.account.pk) for one in present]
    missing = tuple(
        str(member.account)
        for member, row in zip(present, found, strict=True)
        if row is None or row.value is None
    )
    known = [row for row in found if row is not None and row.value is not None]
    return CurvePoint(
        at=at,
        business_date=day,
        value=None if missing else sum((row.value or Decimal(0) for row in known), Decimal(0)),
        status=min((row.status for row in known), key=LEAST_FIRST.index, default=Status.ACCEPTED),
        missing=missing,
        taken={row.account_id: row.at for row in known},
    )


def _is_present(member: Member, at: datetime) -> bool:
    if member.first_at is None or member.first_at > at:
        return False
    return member.left_at is None or at <= member.left_at


def _rests(account: Account, at: datetime) -> bool:
    return not (account.wants_intraday and is_slot(at, is_eod=False, zone=account.zone))


def _last_ends(
    scope: Scope, members: Sequence[Member], *, since: date, until: date | None
) -> dict[int, list[Row]]:
    """Return by account the ends of days that intraday points may stand on, oldest first."""
    numbers = {one.account.pk for one in members}
    ends: dict[int, list[Row]] = {number: [] for number in numbers}
    for row in read_rows(scope, "eod", since=since - 7 * DAY, until=until):
        if row.account_id in numbers and row.value is not None:
            ends[row.account_id].append(row)
    for rows in ends.values():
        rows.sort(key=lambda row: row.at)
    return ends


def _held_at(ends: Sequence[Row], at: datetime) -> Row | None:
    """Return the last end before `at`; an older one than of the day before is carried."""
    row = next((one for one in reversed(ends) if one.at <= at), None)
    if row is None or at - row.at <= 26 * timedelta(hours=1):  # a day of 25 hours, and a minute
        return row
    return Row(row.account_id, row.at, row.day, Status.CARRIED, row.value)


def _with_days_between(points: Sequence[CurvePoint]) -> Iterator[CurvePoint]:
    for number, point in enumerate(points):
        if number:
            before = points[number - 1]
            for n in range(1, (point.business_date - before.business_date).days):
                yield CurvePoint(
                    at=before.at + n * DAY,
                    business_date=before.business_date + n * DAY,
                    value=None,
                    missing=("all accounts",),
                )
        yield point


def _with_quarters_between(points: Sequence[CurvePoint]) -> Iterator[CurvePoint]:
    """Put one gap where quarters are missing within a day; nights are none."""
    for number, point in enumerate(points):
        if number:
            before = points[number - 1]
            is_same_day = before.business_date == point.business_date
            if is_same_day and point.at - before.at > LENGTH:
                yield CurvePoint(
                    at=before.at + LENGTH,
                    business_date=point.business_date,
                    value=None,
                    missing=("all accounts",),
                )
        yield point
