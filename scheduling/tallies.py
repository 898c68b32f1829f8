"""What ended runs add up to, by job: counters that only rise, also when runs are deleted.

A run is counted once: in the rows of Tally, and by day in those of DayTally; or, as long as it
may not have ended or its transaction may be open, by looking at the runs after the mark. Moving
the mark and deleting runs carry them from one to the other in one transaction.
"""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Self

from django.db import transaction
from django.db.models import Case, Count, FloatField, Max, Q, QuerySet, Sum, Value, When

from scheduling.day_tallies import add_to_days
from scheduling.microseconds import MicrosecondsBetween
from scheduling.models import Job, Run, Tally, TallyMark
from scheduling.models.run import RunQuerySet

DURATIONS = (0.1, 0.5, 1.0, 5.0, 15.0, 60.0, 300.0, 900.0, 3600.0)  # s
LATENESS = (0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 5.0, 15.0, 60.0, 300.0)  # s
BEYOND = float("inf")
SECOND = 1_000_000  # microseconds
MARGIN = timedelta(seconds=30)  # for transactions that write runs
MOST_RUNS = 10_000  # counted in one step
MOST_LEFT_OUT = 5_000  # runs that have not ended, named by the mark
MOST_STEPS = 20  # at a time
GONE = ""  # the key of what jobs added up to that are gone


@dataclass(slots=True)
class Totals:
    """What ended runs add up to."""

    statuses: Counter[str] = field(default_factory=Counter)
    durations: Counter[float] = field(default_factory=Counter)  # upper bound -> runs, not summed
    duration_microseconds: int = 0
    lateness: Counter[float] = field(default_factory=Counter)
    lateness_microseconds: int = 0
    succeeded_at: datetime | None = None

    @classmethod
    def of(cls, tally: Tally) -> Self:
        return cls(
            statuses=Counter(tally.statuses),
            durations=_by_bound(tally.durations, DURATIONS),
            duration_microseconds=tally.duration_microseconds,
            lateness=_by_bound(tally.lateness, LATENESS),
            lateness_microseconds=tally.lateness_microseconds,
            succeeded_at=tally.succeeded_at,
        )

    def add(self, other: Totals) -> None:
        self.statuses.update(other.statuses)
        self.durations.update(other.durations)
        self.duration_microseconds += other.duration_microseconds
        self.lateness.update(other.lateness)
        self.lateness_microseconds += other.lateness_microseconds
        instants = [at for at in (self.succeeded_at, other.succeeded_at) if at is not None]
        self.succeeded_at = max(instants, default=None)


def totals_by_job() -> dict[str, Totals]:
    """Return what all runs that have ended add up to, by the key of their job.

    To be called `at_one_instant`: a run must not go from the one to the other meanwhile.
    """
    totals = {tally.job_key: Totals.of(tally) for tally in Tally.objects.all()}
    for runs in not_yet_counted():
        _add_to(totals, _totals_of(runs))
    return totals


def added(totals: Iterable[Totals]) -> Totals:
    """Return the sum."""
    total = Totals()
    for part in totals:
        total.add(part)
    return total


def move_mark(now: datetime) -> None:
    """Count into the tallies what has been there for a while. Any process may, at any time."""
    mark, _ = TallyMark.objects.get_or_create(pk=1)
    if mark.seen_at is not None and timedelta() <= now - mark.seen_at < MARGIN:
        return
    for _ in range(MOST_STEPS):
        mark = _mark()
        if not _moved(mark, _next_stop(mark), now):
            return


def count_before_deletion(run_ids: Iterable[int]) -> None:
    """Count those of the runs that the tallies lack. The caller's transaction deletes them."""
    mark = _locked_mark()
    left_out = set(mark.left_out)
    missing = [pk for pk in run_ids if pk > mark.counted_to or pk in left_out]
    if missing:
        _advance(mark, left_out=sorted(left_out.difference(missing)))
        runs = Run.objects.filter(pk__in=missing)
        _store(_tallies_with(_totals_of(runs)))
        add_to_days(runs)


def merge_tallies_of_gone_jobs() -> None:
    """Put what deleted jobs added up to together, once none of their runs is left."""
    with transaction.atomic():
        mark = _locked_mark()
        others = Tally.objects.exclude(job_key=GONE)
        gone = others.exclude(job_key__in=Job.objects.values("key"))
        gone = gone.exclude(job_key__in=Run.objects.filter(job=None).values("job_key"))
        rows = list(gone)
        if rows:
            _advance(mark)
            _store(_tallies_with({GONE: added(map(Totals.of, rows))}))
            Tally.objects.filter(pk__in=[tally.pk for tally in rows]).delete()


def not_yet_counted() -> tuple[RunQuerySet, RunQuerySet]:
    """Return the runs that no tally has: those after the mark, and those that it left out.

    To be called `at_one_instant`, with the tallies.
    """
    mark = _mark()
    return Run.objects.filter(pk__gt=mark.counted_to), Run.objects.filter(pk__in=mark.left_out)


def _mark() -> TallyMark:
    return TallyMark.objects.filter(pk=1).first() or TallyMark(pk=1)


def _locked_mark() -> TallyMark:
    locked = TallyMark.objects.select_for_update().filter(pk=1)
    return locked.first() or TallyMark.objects.get_or_create(pk=1)[0]


def _next_stop(mark: TallyMark) -> int:
    """Return the id up to which to count; ids that no run has cost no step."""
    later = Run.objects.filter(pk__gt=mark.counted_to).order_by("pk")
    first = later.values_list("pk", flat=True).first() or mark.seen
    return min(mark.seen, first - 1 + MOST_RUNS)


def _moved(mark: TallyMark, to: int, now: datetime) -> bool:
    """Move the mark to the run `to`; return whether there is more to count."""
    between = Run.objects.filter(pk__gt=mark.counted_to, pk__lte=to)
    earlier = Run.objects.filter(pk__in=mark.left_out)
    # First those that have not ended: what ends from here on is counted the next time.
    left_out = [
        pk for runs in (between, earlier) for pk in runs.open().values_list("pk", flat=True)
    ]
    newest = Run.objects.order_by("-pk").values_list("pk", flat=True).first() or 0
    is_idle = newest <= mark.counted_to and len(left_out) == len(mark.left_out)
    if is_idle or len(left_out) > MOST_LEFT_OUT:
        return False
    ended = [runs.exclude(pk__in=left_out) for runs in (between, earlier)]
    totals: dict[str, Totals] = {}
    for runs in ended:
        _add_to(totals, _totals_of(runs))
    values: dict[str, Any] = {"counted_to": to, "left_out": sorted(left_out)}
    if to == mark.seen:
        values |= {"seen": max(newest, to), "seen_at": now}  # the newest may have been deleted
    tallies = _tallies_with(totals)
    with transaction.atomic():
        if not _advance(mark, **values):
            return False  # another process was faster
        _store(tallies)
        for runs in ended:
            add_to_days(runs)
    return to < mark.seen


def _totals_of(runs: QuerySet[Run]) -> dict[str, Totals]:
    """Return what those of `runs` that have ended add up to, by the key of their job."""
    rows = (
        runs.exclude(status__in=Run.OPEN)
        .annotate(
            took=MicrosecondsBetween("started_at", "finished_at"),
            late=MicrosecondsBetween("due_at", "started_at"),
        )
        .annotate(duration_bound=_bound("took", DURATIONS), late_bound=_bound("late", LATENESS))
        .order_by()
        .values_list("job_key", "status", "duration_bound", "late_bound")
        .annotate(
            Count("pk"),
            Max("finished_at"),
            # A clock may go back, and a counter must not.
            sum_took=Sum("took", filter=Q(took__gt=0)),
            sum_late=Sum("late", filter=Q(late__gt=0)),
        )
    )
    totals: dict[str, Totals] = {}
    for job_key, status, duration, late, count, last, took, delay in rows:
        part = Totals(statuses=Counter({status: count}))
        if duration is not None:
            part.durations[duration] = count
            part.duration_microseconds = int(took or 0)
        if late is not None:
            part.lateness[late] = count
            part.lateness_microseconds = int(delay or 0)
        part.succeeded_at = last if status == Run.Status.SUCCEEDED else None
        totals.setdefault(job_key, Totals()).add(part)
    return totals


def _bound(name: str, bounds: Sequence[float]) -> Case:
    """Return the smallest bound that is not below the column `name`; None if that is None."""
    cases = [When(**{f"{name}__lte": bound * SECOND}, then=Value(bound)) for bound in bounds]
    beyond = When(**{f"{name}__isnull": False}, then=Value(BEYOND))
    return Case(*cases, beyond, default=None, output_field=FloatField())


def _add_to(totals: dict[str, Totals], more: Mapping[str, Totals]) -> None:
    for job_key, part in more.items():
        totals.setdefault(job_key, Totals()).add(part)


def _advance(mark: TallyMark, **values: Any) -> bool:
    """Change the mark; return False if it is not as it was read."""
    unchanged = TallyMark.objects.filter(pk=1, version=mark.version)
    return bool(unchanged.update(version=mark.version + 1, **values))


def _tallies_with(totals: dict[str, Totals]) -> list[Tally]:
    """Return the tallies with `totals` added, unsaved. They hold as long as the mark's version."""
    stored = {tally.job_key: tally for tally in Tally.objects.filter(job_key__in=totals)}
    return [
        _with(stored.get(job_key) or Tally(job_key=job_key), part)
        for job_key, part in totals.items()
    ]


def _with(tally: Tally, part: Totals) -> Tally:
    total = Totals.of(tally)
    total.add(part)
    tally.statuses = dict(total.statuses)
    tally.durations = {str(bound): count for bound, count in total.durations.items()}
    tally.duration_microseconds = total.duration_microseconds
    tally.lateness = {str(bound): count for bound, count in total.lateness.items()}
    tally.lateness_microseconds = total.lateness_microseconds
    tally.succeeded_at = total.succeeded_at
    return tally


def _store(tallies: Sequence[Tally]) -> None:
    names = [f.name for f in Tally._meta.concrete_fields if f.name not in ("id", "job_key")]
    Tally.objects.bulk_create(
        tallies, update_conflicts=True, unique_fields=["job_key"], update_fields=names
    )


def _by_bound(stored: Mapping[str, int], bounds: Sequence[float]) -> Counter[float]:
    """Read stored counts; bounds that are no more go to the next one above."""
    counts: Counter[float] = Counter()
    for text, count in stored.items():
        place = bisect_left(bounds, float(text))
        counts[bounds[place] if place < len(bounds) else BEYOND] += count
    return counts
