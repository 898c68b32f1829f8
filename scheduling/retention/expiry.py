"""Which rows the limits do not keep."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db.models import Count, Exists, OuterRef, Q, QuerySet
from django_apscheduler.models import DjangoJobExecution
from knox.models import AuthToken

from scheduling.day_tallies import KEPT
from scheduling.models import Artifact, DayTally, LogLine, Run, Worker

FAILURES = (Run.Status.FAILED, Run.Status.TIMED_OUT, Run.Status.LOST)
# Conditions on the status are negated, so that no index on it is used: each page of rows is read
# in the order of the primary key, and an index on the status would sort all of them anew.
IS_FAILURE = ~Q(status__in=[status for status in Run.Status if status not in FAILURES])
IS_OTHER = ~Q(status__in=[*FAILURES, *Run.OPEN])


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """How long what has ended is kept. What has not ended is never touched."""

    run_days: int
    failure_days: int  # of runs that failed, timed out or were lost
    log_days: int  # of log lines and artifacts of the other runs
    runs_per_job: int  # the newest failures, and as many others

    @classmethod
    def of_settings(cls, **values: int | None) -> Limits:
        """Return the limits in the settings, but for those of `values` that are not None."""
        limits = {
            "run_days": settings.CLEANUP_RUN_DAYS,
            "failure_days": settings.CLEANUP_FAILURE_DAYS,
            "log_days": settings.CLEANUP_LOG_DAYS,
            "runs_per_job": settings.CLEANUP_RUNS_PER_JOB,
        }
        return cls(**limits | {name: value for name, value in values.items() if value is not None})


class Expired:
    """What the limits do not keep at `now`, as querysets that share no row."""

    def __init__(self, limits: Limits, now: datetime) -> None:
        self._most = limits.runs_per_job
        self._runs_before = now - timedelta(days=limits.run_days)
        self._failures_before = now - timedelta(days=limits.failure_days)
        self._logs_before = now - timedelta(days=limits.log_days)
        self._now = now

    def runs(self) -> Iterator[QuerySet[Run]]:
        """Yield runs that are too old or too many; the newest run of each job stays."""
        newer = Run.objects.filter(job=OuterRef("job"), pk__gt=OuterRef("pk"))
        is_not_last = Q(job=None) | Exists(newer)
        for kind, before in (
            (IS_OTHER, self._runs_before),
            (IS_FAILURE, self._failures_before),
        ):
            rows = Run.objects.filter(kind)
            yield rows.filter(is_not_last, finished_at__lt=before)
            for surplus in _surplus(rows, self._most):
                yield surplus.filter(finished_at__gte=before)

    def runs_with(self, kind: type[LogLine | Artifact]) -> QuerySet[Run]:
        """Return runs whose log lines or artifacts are too old."""
        belongings = kind._default_manager.filter(run=OuterRef("pk"))
        return Run.objects.filter(IS_OTHER, Exists(belongings), finished_at__lt=self._logs_before)

    def kept_belongings(self) -> Q:
        """Return which log lines and artifacts only go with their run."""
        kind = Q(run__status__in=FAILURES)
        return kind | Q(run__finished_at__gte=self._logs_before)

    def apscheduler_history(self) -> Iterator[QuerySet[Any]]:
        """Yield rows of django-apscheduler's history; they are kept like runs."""
        is_failure = Q(status=DjangoJobExecution.ERROR)
        for kind, before in (
            (~is_failure, self._runs_before),
            (is_failure, self._failures_before),
        ):
            rows = DjangoJobExecution.objects.filter(kind)
            yield rows.filter(run_time__lt=before)
            for surplus in _surplus(rows, self._most):
                yield surplus.filter(run_time__gte=before)

    def workers(self) -> QuerySet[Worker]:
        """Return workers that are long gone and that no run names."""
        named = Run.objects.filter(worker=OuterRef("pk"))
        return Worker.objects.filter(~Exists(named), heartbeat_at__lt=self._runs_before)

    def day_tallies(self) -> QuerySet[DayTally]:
        """Return what days add up to that no statistics show any more."""
        return DayTally.objects.filter(day__lt=(self._now - KEPT).date())

    def tokens(self) -> Any:
        return AuthToken.objects.filter(expiry__lt=self._now)


def _surplus(rows: QuerySet[Any], most: int) -> Iterator[QuerySet[Any]]:
    """Yield, for each job that has more than `most` rows, all but the newest."""
    crowded = rows.order_by().exclude(job=None).values("job").annotate(total=Count("pk"))
    for job in crowded.filter(total__gt=most).values_list("job", flat=True):
        own = rows.filter(job=job)
        oldest_kept = own.order_by("-pk").values_list("pk", flat=True)[most - 1 : most].get()
        yield own.filter(pk__lt=oldest_kept)
