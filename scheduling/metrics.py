"""What Prometheus may know, in its words."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import datetime
from itertools import accumulate

from django.conf import settings
from django.db import DatabaseError, InterfaceError
from django.utils import timezone
from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily
from prometheus_client.metrics_core import Metric
from prometheus_client.registry import Collector

from scheduling.figures import Figures, read_figures
from scheduling.models import Run
from scheduling.tallies import BEYOND, DURATIONS, LATENESS, SECOND, Totals, added

JOB_LABEL = "job_key"  # Prometheus has a label `job` of its own
ENDED = [status for status in Run.Status if status not in Run.OPEN]


def metrics_text(*, now: datetime | None = None) -> bytes:
    """Return all metrics in Prometheus' text format; without a database, only that it is down."""
    registry = CollectorRegistry(auto_describe=False)
    registry.register(DatabaseCollector(now or timezone.now()))
    return generate_latest(registry)


class DatabaseCollector(Collector):
    """Each metric as it is in the database at one instant."""

    def __init__(self, now: datetime) -> None:
        self._now = now

    def collect(self) -> Iterator[Metric]:
        """Yield one metric after the other: all at once are so many objects that Python halts."""
        try:
            figures = read_figures(self._now)
        except (DatabaseError, InterfaceError):
            yield _gauge("database_up", "1 if web can read the database.", 0)
            return
        yield _gauge("database_up", "1 if web can read the database.", 1)
        yield from _of_processes(figures)
        yield from _of_ended_runs(figures)
        yield from _of_open_runs(figures)


def _of_processes(figures: Figures) -> Iterator[Metric]:
    yield _gauge("workers_alive", "Workers with a young heartbeat.", figures.workers_alive)
    yield _gauge("workers_in_trouble", "Those that say what is wrong.", figures.workers_in_trouble)
    yield _gauge("workers_capacity", "Runs that they take at once.", figures.capacity)
    if figures.tick_age is not None:
        meaning = "Since any scheduler last looked for due jobs."
        yield _gauge("tick_age_seconds", meaning, figures.tick_age)
    meaning = "Times that the database failed a living worker."
    errors = CounterMetricFamily("daybook_database_errors", meaning, labels=["worker"])
    for name, count in figures.database_errors.items():
        errors.add_metric([name], count)
    yield errors
    jobs = GaugeMetricFamily("daybook_jobs", "Jobs by state.", labels=["state"])
    for state, count in figures.jobs.items():
        jobs.add_metric([state], count)
    yield jobs


def _of_ended_runs(figures: Figures) -> Iterator[Metric]:
    total = added(figures.ended.values())
    yield HistogramMetricFamily(
        "daybook_run_lateness_seconds",
        "From when a run might start until it did.",
        buckets=_buckets(total.lateness, LATENESS),
        sum_value=total.lateness_microseconds / SECOND,
    )
    names, totals = [JOB_LABEL], [([key], figures.ended.get(key)) for key in figures.job_keys]
    if settings.METRICS_WITHOUT_JOBS:
        names, totals = [], [([], total)]
    yield _runs(names, totals)
    yield _durations(names, totals)
    yield _last_successes(names, totals)


Labelled = Sequence[tuple[list[str], Totals | None]]


def _runs(names: list[str], totals: Labelled) -> Metric:
    meaning = "Runs that ended, by their status."
    runs = CounterMetricFamily("daybook_runs", meaning, labels=[*names, "status"])
    for labels, total in totals:
        for status in ENDED:  # also those that did not occur: a rise from nothing is none
            runs.add_metric([*labels, status], total.statuses[status] if total else 0)
    return runs


def _durations(names: list[str], totals: Labelled) -> Metric:
    meaning = "From start to end of the last attempt."
    durations = HistogramMetricFamily("daybook_run_duration_seconds", meaning, labels=names)
    for labels, total in totals:
        total = total or Totals()
        buckets = _buckets(total.durations, DURATIONS)
        durations.add_metric(labels, buckets, total.duration_microseconds / SECOND)
    return durations


def _last_successes(names: list[str], totals: Labelled) -> Metric:
    name, meaning = "daybook_last_success_timestamp_seconds", "When a run last succeeded."
    successes = GaugeMetricFamily(name, meaning, labels=names)
    for labels, total in totals:
        if total and total.succeeded_at is not None:
            successes.add_metric(labels, total.succeeded_at.timestamp())
    return successes


def _of_open_runs(figures: Figures) -> Iterator[Metric]:
    for status, counts in figures.open.items():
        name, meaning = f"daybook_runs_{status}", f"Runs that are {status}."
        if settings.METRICS_WITHOUT_JOBS:
            yield GaugeMetricFamily(name, meaning, value=counts.total())
            continue
        runs = GaugeMetricFamily(name, meaning, labels=[JOB_LABEL])
        for key in figures.job_keys:
            runs.add_metric([key], counts[key])
        yield runs
    meaning = "Since the run might start that waits the longest."
    yield _gauge("pending_age_seconds", meaning, figures.pending_age)


def _buckets(counts: Counter[float], bounds: Sequence[float]) -> list[tuple[str, float]]:
    """Return the histogram as Prometheus wants it: each bucket with all below it."""
    running = accumulate(counts[bound] for bound in (*bounds, BEYOND))
    return list(zip([*map(str, bounds), "+Inf"], running, strict=True))


def _gauge(name: str, meaning: str, value: float) -> Metric:
    return GaugeMetricFamily(f"daybook_{name}", meaning, value=value)
