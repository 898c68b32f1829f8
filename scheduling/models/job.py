from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any, ClassVar

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.validators import RegexValidator
from django.db import models, transaction
from django.utils import timezone
from django_apscheduler.models import DjangoJob

from scheduling.clock import dump_state
from scheduling.exceptions import InvalidTrigger, JobConflict
from scheduling.models.policy import Policy
from scheduling.models.requested import RunRequest, request_run, request_runs
from scheduling.models.run import Run
from scheduling.models.tasked import Tasked
from scheduling.models.triggered import Triggered
from scheduling.options import Options
from scheduling.triggers import DueTimes
from scheduling.wakeup import announce_change

if TYPE_CHECKING:
    from django.contrib.auth.models import AbstractBaseUser, AnonymousUser


RESERVED_KEYS = ("preview", "trigger")  # /api/jobs/preview is no job


class JobQuerySet(models.QuerySet["Job"]):
    def visible_to(self, user: AbstractBaseUser | AnonymousUser) -> JobQuerySet:
        """Jobs that `user` may see and steer: his own; staff see all."""
        return self if getattr(user, "is_staff", False) else self.filter(owner_id=user.pk)

    def due(self, now: datetime) -> JobQuerySet:
        """Active jobs whose fire time has come, the oldest first."""
        return (
            self.select_related("clock")
            .filter(clock__next_run_time__lte=now)
            .exclude(state__in=Job.AT_REST)
            .order_by("clock__next_run_time", "id")
        )

    def locked(self, *, skip_locked: bool = False) -> JobQuerySet:
        """Lock the rows, so that runs are admitted and the clock is moved by one at a time.

        Read the clock afterwards: a row that is joined may be older than the lock.
        """
        return self.select_for_update(of=("self",), no_key=True, skip_locked=skip_locked)

    def trigger(
        self,
        requests: Sequence[RunRequest],
        *,
        origin: str = Run.Origin.MANUAL,
        requested_by: AbstractBaseUser | None = None,
        now: datetime | None = None,
    ) -> list[Run]:
        """Request runs of these jobs, all or none, as `Job.trigger` does for one."""
        wanted = self.filter(key__in={request.key for request in requests})
        return request_runs(
            dict(wanted.values_list("key", "pk")),
            requests,
            origin=origin,
            requested_by=requested_by,
            now=now or timezone.now(),
        )


class Job(Tasked, Triggered, Policy, models.Model):
    """A task with its parameters, its trigger and its policies: what people edit.

    active <-> paused;  active -> finished (no further fire time);  active <-> broken (its task
    is unknown, or its parameters do not fit: healed when they do again)

    Change it by its verbs: they move the clock (the DjangoJob row) in the same transaction and
    wake the schedulers.
    """

    class State(models.TextChoices):
        ACTIVE = "active"
        PAUSED = "paused"
        BROKEN = "broken"
        FINISHED = "finished"

    AT_REST = (State.PAUSED, State.BROKEN, State.FINISHED)

    class Source(models.TextChoices):
        CODE = "code", "Default job"
        USER = "user", "User"

    key = models.CharField(
        max_length=100,
        unique=True,
        validators=[
            RegexValidator(
                r"^[a-z0-9][a-z0-9_.-]*\Z",
                "Use lower-case letters, digits, dots, hyphens and underscores.",
            )
        ],
        help_text="Stable identifier, such as pnl_intraday. Cannot be changed later.",
    )
    name = models.CharField(max_length=200)
    description = models.TextField(blank=True)
    state = models.CharField(max_length=10, choices=State, default=State.ACTIVE, editable=False)
    state_reason = models.TextField(blank=True, editable=False)
    state_changed_at = models.DateTimeField(default=timezone.now, editable=False)
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        related_name="jobs",
        help_text="Sees and steers the job. Empty: staff only.",
    )
    source = models.CharField(max_length=10, choices=Source, default=Source.USER, editable=False)
    defaults = models.JSONField(
        default=dict, editable=False, help_text="What sync_jobs wrote last: the rest is edited."
    )
    clock = models.OneToOneField(
        DjangoJob,
        on_delete=models.SET_NULL,
        null=True,
        editable=False,
        related_name="job",
    )
    created_at = models.DateTimeField(auto_now_add=True)
    updated_at = models.DateTimeField(auto_now=True)

    objects = JobQuerySet.as_manager()

    class Meta:
        ordering: ClassVar = ["key"]
        indexes: ClassVar = [
            # For lists, and for the sweeper: which tasks do active jobs have?
            models.Index(fields=["state", "task"], name="job_by_state_and_task"),
        ]
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=models.Q(trigger_kind__in=["cron", "interval", "date"]),
                name="job_has_one_kind_of_trigger",
            ),
            models.CheckConstraint(
                condition=models.Q(state__in=["active", "paused", "broken", "finished"]),
                name="job_state_is_known",
            ),
            models.CheckConstraint(
                condition=models.Q(overlap__in=["skip", "queue", "allow"]),
                name="job_overlap_is_known",
            ),
            models.CheckConstraint(
                condition=models.Q(
                    max_instances__gte=1, max_attempts__gte=1, timeout_seconds__gte=1
                ),
                name="job_limits_are_positive",
            ),
            models.CheckConstraint(
                condition=models.Q(start_at=None)
                | models.Q(end_at=None)
                | models.Q(end_at__gte=models.F("start_at")),
                name="job_ends_after_its_start",
            ),
        ]

    def __str__(self) -> str:
        return self.name

    def clean(self) -> None:
        """Raise ValidationError, by field, if the job cannot run as it stands."""
        stored = Job.objects.filter(pk=self.pk).first() if self.pk else None
        errors = self.trigger_errors(stored) | self.task_errors(stored) | self.policy_errors()
        if self.key in RESERVED_KEYS:
            errors["key"] = [f"The key {self.key!r} is reserved. Choose another one."]
        if errors:
            raise ValidationError(errors)

    @property
    def next_run_at(self) -> datetime | None:
        return self.clock.next_run_time if self.clock else None

    # Verbs

    def put(self, *, now: datetime | None = None) -> None:
        """Validate and save the job, and set its clock.

        An unchanged trigger keeps its next fire time; a paused job stays paused.
        Raise ValidationError, by field, or JobConflict if the job was deleted meanwhile.
        """
        now = now or timezone.now()
        self.full_clean(exclude={"clock"})  # ours to set
        with transaction.atomic():
            before = Job.objects.locked().filter(pk=self.pk).first()
            if before is None and self.pk is not None:
                raise JobConflict("The job was deleted meanwhile.")
            next_at = self._next_after_edit(before, now)
            self.save()
            self._set_clock(next_at)
            announce_change()

    def pause(
        self, reason: str, *, by: AbstractBaseUser | None = None, now: datetime | None = None
    ) -> None:
        """Stop firing until `resume`; runs that have not started are skipped.

        Raise JobConflict if the job is finished.
        """
        now = now or timezone.now()
        who = f"Paused by {by.get_username()}" if by else "Paused"
        why = f"{who}: {reason}" if reason else f"{who}."
        with transaction.atomic():
            job = self._locked()
            if job.state == self.State.FINISHED:
                raise JobConflict("The job is finished: it has no fire time to pause.")
            job._skip_what_is_due(now, why)
            job._stop(self.State.PAUSED, why, now)
            announce_change()
        self.refresh_from_db()

    def resume(self, *, now: datetime | None = None) -> None:
        """Fire again, from the next fire time after now.

        Raise JobConflict if the job is finished or cannot run as it stands.
        """
        now = now or timezone.now()
        with transaction.atomic():
            job = self._locked()
            if job.state == self.State.FINISHED:
                raise JobConflict("The job is finished. Give it a trigger that fires again.")
            if job.state != self.State.ACTIVE:
                job._activate(now)
            announce_change()
        self.refresh_from_db()

    def trigger(
        self,
        *,
        params: dict[str, Any] | None = None,
        is_complete: bool = False,
        scheduled_at: datetime | None = None,
        origin: str = Run.Origin.MANUAL,
        requested_by: AbstractBaseUser | None = None,
        now: datetime | None = None,
    ) -> Run:
        """Request a run now, beside the clock, and return it; a worker executes it.

        params        override those of the job, one by one; all of them if `is_complete`
        scheduled_at  the instant to compute for; now if None

        A paused job runs too. Raise InvalidParams, InvalidRequest if scheduled_at lies in the
        future, or JobConflict if the task is unknown.
        """
        request = RunRequest(
            key=self.key, params=params or {}, is_complete=is_complete, scheduled_at=scheduled_at
        )
        now = now or timezone.now()
        return request_run(self, request, origin=origin, requested_by=requested_by, now=now)

    def park(self, reason: str, *, now: datetime | None = None) -> None:
        """Mark the job broken: it fires no more until `heal` finds it whole again."""
        now = now or timezone.now()
        with transaction.atomic():
            job = self._locked()
            if job.state != self.State.ACTIVE:
                return
            job._record_what_is_due(now, f"The job was broken: {reason}")
            job._stop(self.State.BROKEN, reason, now)
            announce_change()
        self.refresh_from_db()

    def heal(self, *, now: datetime | None = None) -> bool:
        """Fire again if nothing is wrong any more; return whether it does.

        For a broken job, and for an active one that lost its clock.
        """
        now = now or timezone.now()
        with transaction.atomic():
            job = self._locked()
            is_stopped = job.state == self.State.ACTIVE and job.next_run_at is None
            if job.fault() or not (is_stopped or job.state == self.State.BROKEN):
                return False
            job._activate(now)
            announce_change()
        return True

    def remove(self, *, now: datetime | None = None) -> None:
        """Delete the job and withdraw what has not started; its runs stay."""
        now = now or timezone.now()
        with transaction.atomic():
            job = self._locked()
            job._withdraw_pending(Run.Status.CANCELLED, "The job was deleted.", now)
            DjangoJob.objects.filter(id=job.key).delete()
            job.delete()
            announce_change()

    def fault(self) -> str:
        """Say why the job cannot run as it stands; empty if it can."""
        try:
            _ = self.trigger_object
        except InvalidTrigger as exc:
            return f"The trigger cannot be read: {exc}"
        return self.task_fault()

    # Steps of the verbs, all under the lock of the row

    def _locked(self) -> Job:
        return Job.objects.locked().get(pk=self.pk)

    def _next_after_edit(self, before: Job | None, now: datetime) -> datetime | None:
        if before is None:
            self.anchor_at = now
            return self._next_or_finish(now)
        self.state, self.state_reason = before.state, before.state_reason
        self.clock_id = before.clock_id
        if before.task != self.task:
            why = "The job was given another task before this run had started."
            before._withdraw_pending(Run.Status.CANCELLED, why, now)
        if before.trigger_spec != self.trigger_spec:
            before._skip_what_is_due(now, "The job was edited before this run had started.")
            if before.beat != self.beat:
                self.anchor_at = now
        elif before.state == self.State.ACTIVE and before.next_run_at is not None:
            return before.next_run_at
        stays_broken = self.state == self.State.BROKEN and self.task_fault()
        if self.state == self.State.PAUSED or stays_broken:
            return None
        return self._next_or_finish(now)

    def _next_or_finish(self, now: datetime) -> datetime | None:
        next_at = self.trigger_object.next_after(now)
        if next_at is None:
            self._note_state(self.State.FINISHED, "No further fire time.", now)
        else:
            self._note_state(self.State.ACTIVE, "", now)
        return next_at

    def _activate(self, now: datetime) -> None:
        if fault := self.fault():
            raise JobConflict(fault)
        next_at = self._next_or_finish(now)
        self.save(update_fields=["state", "state_reason", "state_changed_at", "updated_at"])
        self._set_clock(next_at)

    def _stop(self, state: str, reason: str, now: datetime) -> None:
        self._note_state(state, reason, now)
        self.save(update_fields=["state", "state_reason", "state_changed_at", "updated_at"])
        DjangoJob.objects.filter(id=self.key).update(next_run_time=None)

    def _note_state(self, state: str, reason: str, now: datetime) -> None:
        if state != self.state:
            self.state_changed_at = now
        self.state, self.state_reason = state, reason

    def _set_clock(self, next_at: datetime | None) -> None:
        policy = {
            "misfire_grace_time": self.misfire_grace_seconds,
            "coalesce": self.coalesce,
            "max_instances": self.max_instances,
        }
        state = dump_state(key=self.key, name=self.name, trigger=self.trigger_object, policy=policy)
        self.clock, _ = DjangoJob.objects.update_or_create(
            id=self.key, defaults={"next_run_time": next_at, "job_state": state}
        )
        Job.objects.filter(pk=self.pk).update(clock=self.clock)

    def _skip_what_is_due(self, now: datetime, reason: str) -> None:
        """Leave no fire time that has come, and no pending run of the clock, without a word."""
        self._record_what_is_due(now, reason)
        self._withdraw_pending(Run.Status.SKIPPED, reason, now, origin=Run.Origin.SCHEDULE)

    def _record_what_is_due(self, now: datetime, reason: str) -> None:
        if self.next_run_at is None or self.next_run_at > now:
            return
        cap = Options().catch_up_cap
        try:
            due = DueTimes.since(
                self.next_run_at, self.trigger_object, now, coalesce=self.coalesce, cap=cap
            )
        except InvalidTrigger:
            due = DueTimes([self.next_run_at], 0, self.next_run_at, cap)
        runs = [
            Run.of(self, scheduled_at=instant, origin=Run.Origin.SCHEDULE, finished_at=now)
            for instant in due.times
        ]
        for run in runs:
            run.status, run.reason = Run.Status.SKIPPED, reason
        runs[0].reason = f"{reason} {due.note}".strip()
        Run.objects.bulk_create(runs, ignore_conflicts=True)

    def _withdraw_pending(self, status: str, reason: str, now: datetime, **only: Any) -> None:
        self.runs.filter(status=Run.Status.PENDING, **only).update(
            status=status, reason=reason, finished_at=now
        )
