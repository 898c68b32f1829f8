"""What Prometheus may know, read from the database when it asks."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from itertools import accumulate

from django.conf import settings
from django.db import DatabaseError, InterfaceError
from django.db.models import Count, Max, Q, Sum
from django.utils import timezone
from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily
from prometheus_client.metrics_core import Metric
from prometheus_client.registry import Collector

from scheduling.models import Job, Run, Worker
from scheduling.options import Options
from scheduling.reading import at_one_instant
from scheduling.tallies import BEYOND, DURATIONS, LATENESS, Totals, added, totals_by_job

JOB_LABEL = "job_key"  # Prometheus has a label `job` of its own
ENDED = [status for status in Run.Status if status not in Run.OPEN]

Labels = tuple[str, ...]  # the key of a job; none with METRICS_WITHOUT_JOBS


def metrics_text(*, now: datetime | None = None) -> bytes:
    """Return all metrics in Prometheus' text format; without a database, only that it is down."""
    registry = CollectorRegistry(auto_describe=False)
    registry.register(DatabaseCollector(now or timezone.now()))
    return generate_latest(registry)


class DatabaseCollector(Collector):
    """Each metric as it is in the database at one instant."""

    def __init__(self, now: datetime) -> None:
        self._now = now
        self._names = [] if settings.METRICS_WITHOUT_JOBS else [JOB_LABEL]

    def collect(self) -> list[Metric]:
        try:
            with at_one_instant():
                metrics = [*self._of_workers(), *self._of_jobs(), *self._of_runs()]
            return [_gauge("database_up", "1 if web reaches the database.", 1), *metrics]
        except (DatabaseError, InterfaceError):
            return [_gauge("database_up", "1 if web reaches the database.", 0)]

    def _of_workers(self) -> Iterator[Metric]:
        alive = Worker.objects.alive(self._now, timedelta(seconds=Options().lease))
        sums = alive.order_by().aggregate(
            count=Count("pk"), capacity=Sum("capacity"), troubled=Count("pk", filter=~Q(trouble=""))
        )
        ticked_at = Worker.objects.schedulers().aggregate(at=Max("last_tick_at"))["at"]
        yield _gauge("workers_alive", "Workers with a young heartbeat.", sums["count"])
        yield _gauge("workers_in_trouble", "Those that say what is wrong.", sums["troubled"])
        yield _gauge("workers_capacity", "Runs that they take at once.", sums["capacity"] or 0)
        if ticked_at is not None:
            age = self._seconds_since(ticked_at)
            yield _gauge("tick_age_seconds", "Since any scheduler last looked for due jobs.", age)
        errors = CounterMetricFamily(
            "daybook_database_errors",
            "Times that the database failed a living worker.",
            labels=["worker"],
        )
        # One that was killed may have left its name, host and process id, to its successor.
        rows = alive.order_by("started_at").values_list("name", "database_errors")
        for name, count in dict(rows).items():
            errors.add_metric([name], count)
        yield errors

    def _of_jobs(self) -> Iterator[Metric]:
        rows = Job.objects.order_by().values_list("state").annotate(Count("pk"))
        counts = dict.fromkeys(Job.State.values, 0) | dict(rows)
        jobs = GaugeMetricFamily("daybook_jobs", "Jobs by state.", labels=["state"])
        for state, count in counts.items():
            jobs.add_metric([state], count)
        yield jobs

    def _of_runs(self) -> Iterator[Metric]:
        keys = list(Job.objects.order_by("key").values_list("key", flat=True))
        totals = totals_by_job()
        yield _lateness(totals.values())
        yield from self._ended(self._by_labels(totals, keys))
        for status in (Run.Status.PENDING, Run.Status.RUNNING):
            yield self._open(status, keys)
        due_at = Run.objects.claimable(self._now).values_list("due_at", flat=True).first()
        age = self._seconds_since(due_at) if due_at else 0.0
        yield _gauge("pending_age_seconds", "Since the longest waiting run might start.", age)

    def _by_labels(self, totals: dict[str, Totals], keys: Sequence[str]) -> dict[Labels, Totals]:
        """Return the totals of each job there is, or of all jobs there ever were together."""
        if self._names:
            return {(key,): totals.get(key) or Totals() for key in keys}
        return {(): added(totals.values())}

    def _ended(self, totals: Mapping[Labels, Totals]) -> Iterator[Metric]:
        runs = CounterMetricFamily(
            "daybook_runs", "Runs that ended, by their status.", labels=[*self._names, "status"]
        )
        durations = HistogramMetricFamily(
            "daybook_run_duration_seconds",
            "From start to end of the last attempt.",
            labels=self._names,
        )
        succeeded = GaugeMetricFamily(
            "daybook_last_success_timestamp_seconds",
            "When a run last ended as succeeded.",
            labels=self._names,
        )
        for labels, total in totals.items():
            for status in ENDED:  # also those that did not occur: a rise from nothing is none
                runs.add_metric([*labels, status], total.statuses[status])
            buckets = _buckets(total.durations, DURATIONS)
            durations.add_metric(labels, buckets, total.duration_seconds)
            if total.succeeded_at is not None:
                succeeded.add_metric(labels, total.succeeded_at.timestamp())
        yield from (runs, durations, succeeded)

    def _open(self, status: str, keys: Sequence[str]) -> Metric:
        rows = Run.objects.filter(status=status).order_by().values_list("job_key")
        counts = dict(rows.annotate(Count("pk")))
        gauge = GaugeMetricFamily(
            f"daybook_runs_{status}", f"Runs that are {status}.", labels=self._names
        )
        if not self._names:
            gauge.add_metric([], sum(counts.values()))
            return gauge
        for key in keys:
            gauge.add_metric([key], counts.get(key, 0))
        return gauge

    def _seconds_since(self, instant: datetime) -> float:
        return max((self._now - instant).total_seconds(), 0.0)


def _lateness(totals: Iterable[Totals]) -> Metric:
    total = added(totals)
    return HistogramMetricFamily(
        "daybook_run_lateness_seconds",
        "From when a run might start until it did.",
        buckets=_buckets(total.lateness, LATENESS),
        sum_value=total.lateness_seconds,
    )


def _buckets(counts: Counter[float], bounds: Sequence[float]) -> list[tuple[str, float]]:
    """Return the histogram as Prometheus wants it: each bucket with all below it."""
    running = accumulate(counts[bound] for bound in (*bounds, BEYOND))
    names = [*map(str, bounds), "+Inf"]
    return list(zip(names, running, strict=True))


def _gauge(name: str, meaning: str, value: float) -> Metric:
    return GaugeMetricFamily(f"daybook_{name}", meaning, value=value)
