"""What the ended runs of the last days add up to."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import Any

from django.contrib.auth.models import AbstractBaseUser, AnonymousUser
from django.db.models import F, Max, Q, Sum

from scheduling.day_tallies import COUNTS, GREATEST, figures_by_day
from scheduling.models import DayTally, Job, Run
from scheduling.reading import at_one_instant
from scheduling.tallies import not_yet_counted

DAYS = 30
MOST_DAYS = 90
RETURNED = (Run.Status.SUCCEEDED, Run.Status.DEGRADED)
FAILURES = (Run.Status.FAILED, Run.Status.TIMED_OUT, Run.Status.LOST)
ENDED = tuple(status for status in Run.Status if status not in Run.OPEN)


@dataclass(slots=True)
class Sums:
    """What some ended runs add up to. Durations and lateness are those of runs that started."""

    by_status: Counter[str] = field(default_factory=Counter)
    started: int = 0
    duration_microseconds: int = 0
    longest_microseconds: int = 0
    lateness_microseconds: int = 0
    latest_microseconds: int = 0

    def add(self, status: str, figures: Mapping[str, int]) -> None:
        """Add runs that all have `status`, as a row of DayTally counts them."""
        self.by_status[status] += figures["runs"]
        for name in COUNTS[1:]:
            setattr(self, name, getattr(self, name) + int(figures[name]))
        for name in GREATEST:
            setattr(self, name, max(getattr(self, name), int(figures[name])))

    @property
    def runs(self) -> int:
        return self.by_status.total()

    @property
    def statuses(self) -> dict[str, int]:
        """Runs by status, also those that no run has."""
        return {status.value: self.by_status[status] for status in ENDED}

    @property
    def failures(self) -> int:
        return sum(self.by_status[status] for status in FAILURES)

    @property
    def success_rate(self) -> float | None:
        """Share of the runs that returned in those that did or failed; None if there is none."""
        returned = sum(self.by_status[status] for status in RETURNED)
        total = returned + self.failures
        return returned / total if total else None

    @property
    def average_duration(self) -> timedelta | None:
        return self._average(self.duration_microseconds)

    @property
    def longest_duration(self) -> timedelta | None:
        return timedelta(microseconds=self.longest_microseconds) if self.started else None

    @property
    def average_lateness(self) -> timedelta | None:
        return self._average(self.lateness_microseconds)

    @property
    def longest_lateness(self) -> timedelta | None:
        return timedelta(microseconds=self.latest_microseconds) if self.started else None

    def _average(self, microseconds: int) -> timedelta | None:
        return timedelta(microseconds=microseconds) / self.started if self.started else None


@dataclass(frozen=True, slots=True)
class Statistics:
    """The ended runs that stand for an instant of the last days (UTC), the oldest day first."""

    total: Sums
    by_day: dict[date, Sums]


def read_statistics(
    user: AbstractBaseUser | AnonymousUser,
    *,
    now: datetime,
    days: int = DAYS,
    job: Job | None = None,
) -> Statistics:
    """Return what the runs of `job`, or of all jobs, add up to that `user` may see."""
    last = now.astimezone(UTC).date()
    statistics = Statistics(
        Sums(), {last - timedelta(days=days - 1 - number): Sums() for number in range(days)}
    )
    with at_one_instant():
        counted = DayTally.objects.visible_to(user).filter(
            job_id=job.pk if job else DayTally.ALL_JOBS, day__range=(min(statistics.by_day), last)
        )
        rows = [*_added_up(counted)]
        for runs in not_yet_counted():
            rows += figures_by_day(runs.visible_to(user).filter(Q(job=job) if job else Q()))
    _add_all(statistics, rows)
    return statistics


def _added_up(tallies: Any) -> Iterable[dict[str, Any]]:
    sums = {name: Sum(name) for name in COUNTS} | {name: Max(name) for name in GREATEST}
    groups = tallies.order_by().annotate(of_status=F("status")).values("day", "of_status")
    rows: Iterable[dict[str, Any]] = groups.annotate(**sums)
    return rows


def _add_all(statistics: Statistics, rows: Iterable[Mapping[str, Any]]) -> None:
    for row in rows:
        if row["day"] in statistics.by_day:
            statistics.by_day[row["day"]].add(row["of_status"], row)
            statistics.total.add(row["of_status"], row)
