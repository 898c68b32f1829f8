"""P&L of a period: what is there, less what was there at its baseline, less what came and left."""

from __future__ import annotations

from collections import Counter, defaultdict, deque
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from decimal import Decimal
from enum import StrEnum

from snapshots.performance.returns import NO_RATIO, ZERO, DayEnd, chained, day_returns


class Period(StrEnum):
    """Of which P&L is told, each against a baseline of its own."""

    TODAY = "today"
    SESSION = "session"
    INTERVAL = "interval"
    WEEK = "wtd"
    MONTH = "mtd"
    YEAR = "ytd"
    INCEPTION = "inception"


# Against the last accepted end of a day before the period.
FROM_ENDS_OF_DAYS = (Period.TODAY, Period.WEEK, Period.MONTH, Period.YEAR)


@dataclass(frozen=True, slots=True, kw_only=True)
class Point:
    """What a portfolio was worth.

    business_date  the day that it counts for
    is_accepted    False: a part of it is carried. Such a point is no baseline.
    is_backfilled  a part of it is from the history of a source
    taken          when each account was, by its number; who is not named: at `at`
    """

    at: datetime
    business_date: date
    value: Decimal
    is_accepted: bool = True
    is_backfilled: bool = False
    taken: Mapping[int, datetime] = field(default_factory=dict, hash=False)

    @property
    def earliest(self) -> datetime:
        return min(self.taken.values(), default=self.at)

    def follows(self, other: Point) -> bool:
        """Say whether it is later, and no account in it was taken earlier than in `other`."""
        return other.at < self.at and all(
            other.taken.get(number, other.at) <= at for number, at in self.taken.items()
        )

    def holds(self, flow: Flowed) -> bool:
        """Say whether what flowed is in the value: an account may be taken earlier than others."""
        return flow.at <= self.taken.get(flow.account, self.at)


@dataclass(frozen=True, slots=True, kw_only=True)
class Flowed:
    """An external flow: positive came in.

    account   of which, by its number; 0 = of the portfolio
    transfer  number of the transfer between own accounts that this is one end of; 0 = of none
    """

    at: datetime
    amount: Decimal
    account: int = 0
    transfer: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Pnl:
    """P&L of a period, or why there is none.

    baseline       what is compared with; None = there is nothing to compare with, see `reason`
    flow           what came less what left since the baseline
    amount         V(t) - V(baseline) - flow
    ratio          0.01 = 1 %, chained by days; None = see `reason`
    flows_known    False: `amount` is a value change, and flows may be in it
    """

    period: Period
    now: Point
    baseline: Point | None
    flow: Decimal = ZERO
    amount: Decimal | None = None
    ratio: Decimal | None = None
    flows_known: bool = True
    reason: str = ""

    @property
    def label(self) -> str:
        return "P&L" if self.flows_known else "Value change"


def first_day(period: Period, today: date) -> date:
    """Return the first day of a period that ends today; weeks begin on Monday."""
    if period is Period.WEEK:
        return today - timedelta(days=today.weekday())
    if period is Period.MONTH:
        return today.replace(day=1)
    if period is Period.YEAR:
        return today.replace(month=1, day=1)
    return today


def find_baseline(
    period: Period, now: Point, *, ends: Sequence[Point], quarters: Sequence[Point]
) -> Point | None:
    """Return what `now` is compared with; both lists are oldest first.

    ends      ends of days
    quarters  intraday points, of today at least
    """
    ends = [end for end in ends if end.is_accepted and end.at < now.at]
    quarters = [one for one in quarters if one.is_accepted and one.at < now.at]
    if period in FROM_ENDS_OF_DAYS:
        start = first_day(period, now.business_date)
        return next((end for end in reversed(ends) if end.business_date < start), None)
    if period is Period.SESSION:
        today = (one for one in quarters if one.business_date == now.business_date)
        return next(today, None)
    if period is Period.INTERVAL:
        return max([*ends[-1:], *quarters[-1:]], key=lambda one: one.at, default=None)
    return ends[0] if ends else next(iter(quarters), None)


def period_pnl(
    period: Period, now: Point, baseline: Point | None, *, ends: Sequence[Point],
    flows: Sequence[Flowed], flows_known: bool = True,
) -> Pnl:  # fmt: skip
    """Return the P&L since `baseline`.

    ends         ends of days, oldest first; those between the two split the period into days
    flows        external ones; those outside of the period are left out
    flows_known  False: it is a value change, and there is no ratio
    """
    if baseline is None:
        return Pnl(period=period, now=now, baseline=None, reason=_no_baseline(period))
    within = flowed_between(baseline, now, flows)
    flow = sum((one.amount for one in within), ZERO)
    between = [end for end in ends if end.follows(baseline) and now.follows(end)]
    ratio = _chain(baseline, [*between, now], flows) if flows_known else None
    return Pnl(
        period=period,
        now=now,
        baseline=baseline,
        flow=flow,
        amount=now.value - baseline.value - flow,
        ratio=ratio,
        flows_known=flows_known,
        reason=_no_ratio(ratio, flows_known=flows_known),
    )


def flowed_between(first: Point, last: Point, flows: Iterable[Flowed]) -> list[Flowed]:
    """Return the flows that are in the value of `last`, and were not in that of `first`."""
    return external([flow for flow in flows if last.holds(flow) and not first.holds(flow)])


def external(flows: Sequence[Flowed]) -> list[Flowed]:
    """Leave out transfers that both left and arrived; of others the money is on its way."""
    ends = Counter(one.transfer for one in flows if one.transfer)
    return [one for one in flows if ends[one.transfer] < 2]


def day_ends(points: Sequence[Point], flows: Iterable[Flowed]) -> list[DayEnd]:
    """Put to each point what came and left since the one before it; points are oldest first."""
    ends: list[DayEnd] = []
    waiting: dict[int, deque[Flowed]] = defaultdict(deque)
    for flow in sorted(flows, key=lambda one: one.at):
        waiting[flow.account].append(flow)
    for point in points:
        new: list[Flowed] = []
        for queue in waiting.values():
            while queue and point.holds(queue[0]):
                new.append(queue.popleft())
        if not ends:
            new = []  # what came before the first is in its value
        amounts = [one.amount for one in external(new)]
        came = sum((amount for amount in amounts if amount > ZERO), ZERO)
        left = -sum((amount for amount in amounts if amount < ZERO), ZERO)
        ends.append(DayEnd(day=point.business_date, value=point.value, inflow=came, outflow=left))
    return ends


def _chain(baseline: Point, points: Sequence[Point], flows: Sequence[Flowed]) -> Decimal | None:
    return chained(one.ratio for one in day_returns(day_ends([baseline, *points], flows)))


def _no_baseline(period: Period) -> str:
    if period in FROM_ENDS_OF_DAYS:
        return "No end of a day before it was accepted: nothing to compare with."
    return "No earlier snapshot was accepted: nothing to compare with."


def _no_ratio(ratio: Decimal | None, *, flows_known: bool) -> str:
    if not flows_known:
        return "Flows are not known: what came or left may be in it, so it has no percentage."
    return "" if ratio is not None else NO_RATIO
