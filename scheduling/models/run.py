from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, ClassVar

from django.apps import apps
from django.conf import settings
from django.db import models, transaction
from django.utils import timezone

from scheduling.exceptions import JobConflict, NotCancellable
from scheduling.registry import registry
from scheduling.wakeup import announce_runs

if TYPE_CHECKING:
    from django.contrib.auth.models import AbstractBaseUser, AnonymousUser

    from scheduling.models.job import Job


# Columns of a run that are its job's when it is written down.
COPIED_FROM_JOB = {
    "job_id": "id",
    "job_key": "key",
    "task": "task",
    "params": "params",
    "owner_id": "owner_id",
    "timeout_seconds": "timeout_seconds",
    "max_attempts": "max_attempts",
    "backoff_seconds": "backoff_seconds",
    "retry_lost": "retry_lost",
}


class RunQuerySet(models.QuerySet["Run"]):
    def visible_to(self, user: AbstractBaseUser | AnonymousUser) -> RunQuerySet:
        """Runs that `user` may see: his own; staff see all."""
        return self if getattr(user, "is_staff", False) else self.filter(owner_id=user.pk)

    def open(self) -> RunQuerySet:
        """Runs that have not ended."""
        return self.filter(status__in=Run.OPEN)

    def claimable(self, now: datetime) -> RunQuerySet:
        """Pending runs that may start now, oldest first, as `attempts.claiming` takes them."""
        return self.filter(
            models.Q(expires_at=None) | models.Q(expires_at__gte=now),
            status=Run.Status.PENDING,
            due_at__lte=now,
            cancel_requested_at=None,
        ).order_by("due_at", "id")

    def expired(self, now: datetime) -> RunQuerySet:
        """Pending runs that nobody started within their grace."""
        return self.filter(status=Run.Status.PENDING, expires_at__lt=now)

    def held(self) -> RunQuerySet:
        """Pending runs that wait for an earlier run of their job to end."""
        return self.filter(status=Run.Status.PENDING, due_at=None)

    def newest_per_job(self, job_ids: Iterable[int]) -> dict[int, Run]:
        """Return the newest run of each job, in one query."""
        newest = Run.objects.filter(job_id=models.OuterRef("pk")).order_by("-id")
        jobs = Run.job.field.related_model._default_manager.filter(pk__in=list(job_ids))
        ids = jobs.order_by().values(newest=models.Subquery(newest.values("id")[:1]))
        runs = self.filter(pk__in=ids).defer("traceback", "errors")
        return {run.job_id: run for run in runs.order_by() if run.job_id is not None}

    def recent_per_job(self, job_ids: Iterable[int], count: int) -> dict[int, list[Run]]:
        """Return the newest `count` runs of each job, newest first, in two queries.

        The first finds where each job's newest runs begin, by one look into the index a job;
        a window function would read every run of these jobs.
        """
        newest = Run.objects.filter(job_id=models.OuterRef("pk")).order_by("-id")
        floors = (
            apps.get_model("scheduling", "Job")
            .objects.filter(pk__in=list(job_ids))
            .values_list("pk", models.Subquery(newest.values("id")[count - 1 : count]))
        )
        wanted = models.Q(pk__in=[])
        for job_id, floor in floors:
            wanted |= models.Q(job_id=job_id, id__gte=floor or 0)
        recent: dict[int, list[Run]] = {}
        for run in self.filter(wanted).defer("traceback", "errors").order_by("-id"):
            recent.setdefault(run.job_id or 0, []).append(run)
        return recent


class Run(models.Model):
    """One occurrence of a job, for one instant.

    pending -> running -> succeeded | degraded | failed | timed_out | cancelled | lost
    pending -> missed | skipped | cancelled
    failed | timed_out | lost -> pending, with the next attempt, as the job says
    """

    class Status(models.TextChoices):
        PENDING = "pending"
        RUNNING = "running"
        SUCCEEDED = "succeeded"
        DEGRADED = "degraded"
        FAILED = "failed"
        TIMED_OUT = "timed_out", "Timed out"
        CANCELLED = "cancelled"
        LOST = "lost"
        MISSED = "missed"
        SKIPPED = "skipped"

    class Origin(models.TextChoices):
        SCHEDULE = "schedule"
        MANUAL = "manual"
        API = "api", "API"
        BACKFILL = "backfill"
        DEPENDENCY = "dependency"
        BOOTSTRAP = "bootstrap"

    OPEN = (Status.PENDING, Status.RUNNING)

    # Each row changes all its indexes three times: those below serve the foreign keys as well.
    job = models.ForeignKey(
        "scheduling.Job", on_delete=models.SET_NULL, null=True, db_index=False, related_name="runs"
    )
    job_key = models.CharField(max_length=100, help_text="Stays when the job is deleted.")
    task = models.CharField(max_length=200)
    params = models.JSONField(default=dict)
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.SET_NULL,
        null=True,
        db_index=False,
        related_name="+",
    )
    origin = models.CharField(max_length=20, choices=Origin)
    requested_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.SET_NULL,
        null=True,
        db_index=False,
        related_name="+",
    )
    scheduled_at = models.DateTimeField(help_text="The instant this run stands for (UTC).")
    due_at = models.DateTimeField(
        null=True, help_text="When it may start: jitter, back-off. Empty: waits for its turn."
    )
    expires_at = models.DateTimeField(null=True, help_text="Missed if not started until then.")
    status = models.CharField(max_length=10, choices=Status, default=Status.PENDING)
    reason = models.TextField(blank=True, help_text="Why it has this status, in a sentence.")
    attempt = models.PositiveSmallIntegerField(default=0, help_text="0: not started yet.")
    timeout_seconds = models.PositiveIntegerField()
    max_attempts = models.PositiveSmallIntegerField(default=1)
    backoff_seconds = models.PositiveIntegerField(default=0)
    retry_lost = models.BooleanField(default=False)
    created_at = models.DateTimeField(default=timezone.now)
    started_at = models.DateTimeField(null=True)
    finished_at = models.DateTimeField(null=True)
    worker = models.ForeignKey(
        "scheduling.Worker", on_delete=models.SET_NULL, null=True, related_name="runs"
    )
    cancel_requested_at = models.DateTimeField(null=True)
    progress = models.JSONField(null=True)
    result = models.JSONField(null=True)
    error = models.TextField(blank=True, help_text="What went wrong, for people.")
    traceback = models.TextField(blank=True)
    errors = models.JSONField(default=list, help_text="What earlier attempts ended with.")

    objects = RunQuerySet.as_manager()

    class Meta:
        ordering: ClassVar = ["-id"]
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["job", "scheduled_at"],
                condition=models.Q(origin="schedule"),
                name="run_once_per_fire_time",
            ),
            models.CheckConstraint(
                condition=models.Q(status__in=["pending", "running"], finished_at=None)
                | models.Q(
                    status__in=[
                        "succeeded",
                        "degraded",
                        "failed",
                        "timed_out",
                        "cancelled",
                        "lost",
                        "missed",
                        "skipped",
                    ],
                    finished_at__isnull=False,
                ),
                name="run_finished_when_status_is_final",
            ),
            models.CheckConstraint(
                condition=~models.Q(status="running")
                | models.Q(worker__isnull=False, started_at__isnull=False),
                name="run_running_has_a_worker",
            ),
        ]
        indexes: ClassVar = [
            # For claimable() and expired(): the pending ones, in the order they are due.
            models.Index(
                fields=["due_at", "id"],
                name="run_pending_by_due_at",
                condition=models.Q(status="pending"),
            ),
            # For models.loads and held(): the open ones of a job.
            models.Index(
                fields=["job", "due_at"],
                name="run_open_by_job",
                condition=models.Q(status__in=["pending", "running"]),
            ),
            # For the sweeper and for stop requests: the running ones of a worker.
            models.Index(
                fields=["worker"],
                name="run_running_by_worker",
                condition=models.Q(status="running"),
            ),
            # For a user who is deleted.
            models.Index(
                fields=["requested_by"],
                name="run_by_requester",
                condition=models.Q(requested_by__isnull=False),
            ),
            # For the history of a job, and by status.
            models.Index(fields=["job", "-id"], name="run_history_by_job"),
            models.Index(fields=["status", "-id"], name="run_history_by_status"),
            models.Index(fields=["owner", "-id"], name="run_history_by_owner"),
            models.Index(fields=["-scheduled_at"], name="run_history_by_time"),
        ]

    def __str__(self) -> str:
        return f"{self.job_key} for {self.scheduled_at:%Y-%m-%d %H:%M:%S}Z"

    @classmethod
    def of(cls, job: Job, *, scheduled_at: datetime, **values: Any) -> Run:
        """Return an unsaved run of `job` with its inputs and policies as they are now."""
        return cls(
            job=job,
            job_key=job.key,
            task=job.task,
            params=values.pop("params", job.params),
            owner_id=job.owner_id,
            scheduled_at=scheduled_at,
            timeout_seconds=job.timeout_seconds,
            max_attempts=job.max_attempts,
            backoff_seconds=job.backoff_seconds,
            retry_lost=job.retry_lost,
            **values,
        )

    @property
    def is_open(self) -> bool:
        return self.status in self.OPEN

    @property
    def duration(self) -> timedelta | None:
        """Time from start to end of the last attempt; None if it never started or goes on."""
        if self.started_at is None or self.finished_at is None:
            return None
        return self.finished_at - self.started_at

    @property
    def retry_params(self) -> dict[str, Any] | None:
        """Parameters with which a run tries only again what failed; None if it cannot be said."""
        if self.status != self.Status.DEGRADED or not isinstance(self.result, dict):
            return None
        retry = self.result.get("retry")
        return {**self.params, **retry} if isinstance(retry, dict) else None

    def cancel(self, *, by: AbstractBaseUser | None = None, now: datetime | None = None) -> None:
        """End the run: a pending one at once, a running one as soon as its worker hears of it.

        Raise NotCancellable if it has ended.
        """
        now = now or timezone.now()
        reason = f"Cancelled by {by.get_username()}." if by else "Cancelled."
        with transaction.atomic():
            pending = Run.objects.filter(pk=self.pk, status=Run.Status.PENDING)
            running = Run.objects.filter(pk=self.pk, status=Run.Status.RUNNING)
            if pending.update(status=Run.Status.CANCELLED, reason=reason, finished_at=now):
                pass
            elif not running.update(cancel_requested_at=now, reason=reason):
                self.refresh_from_db()
                raise NotCancellable(f"The run has ended: it is {self.get_status_display()}.")
            announce_runs()
        self.refresh_from_db()

    def run_again(self, *, by: AbstractBaseUser | None = None, origin: str = Origin.MANUAL) -> Run:
        """Request another run for the same instant with the same parameters.

        Raise JobConflict if the job was deleted or has another task by now.
        """
        return self._repeat(self.params, by, origin)

    def retry_failed(
        self, *, by: AbstractBaseUser | None = None, origin: str = Origin.MANUAL
    ) -> Run:
        """Request another run for the same instant, of the items that failed in this one.

        Raise JobConflict if the run does not say which these are, or it cannot run again.
        """
        if self.retry_params is None:
            raise JobConflict("The run does not say what failed and can be tried alone.")
        return self._repeat(self.retry_params, by, origin)

    def _repeat(self, params: dict[str, Any], by: AbstractBaseUser | None, origin: str) -> Run:
        if self.job is None:
            raise JobConflict(f"The job {self.job_key!r} was deleted, so it cannot run again.")
        if registry.present_name(self.task) != registry.present_name(self.job.task):
            raise JobConflict(
                f"The job has another task by now: {self.job.task}. This was a run of {self.task}."
            )
        return self.job.trigger(
            params=params,
            is_complete=True,
            scheduled_at=self.scheduled_at,
            origin=origin,
            requested_by=by,
        )
