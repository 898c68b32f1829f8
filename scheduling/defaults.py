"""Default jobs: from the code into rows, without undoing what people edited."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction

from scheduling.exceptions import InvalidParams, UnknownTask
from scheduling.models import Job
from scheduling.models.policy import Policy
from scheduling.registry import DefaultJob, registry

# A trigger is one thing: half of an edited and half of a new one fits nobody.
TRIGGER = (
    "trigger_kind",
    "trigger_expression",
    "timezone",
    "start_at",
    "end_at",
    "jitter_seconds",
)
ALONE = ("name", "description", "task", "params", *Policy.FIELDS)
GROUPS = (TRIGGER, *((name,) for name in ALONE))


@dataclass(frozen=True, slots=True)
class Synced:
    """What became of each default job, by key."""

    created: list[str] = field(default_factory=list)
    updated: list[str] = field(default_factory=list)
    kept: list[str] = field(default_factory=list)
    errors: dict[str, str] = field(default_factory=dict)


def sync_default_jobs(*, now: datetime | None = None) -> Synced:
    """Create the default jobs that are missing; update the fields that nobody has edited.

    A field counts as edited when it is not what was written here last. State and owner are
    never touched.
    """
    synced = Synced()
    for default in registry.default_jobs.values():
        try:
            getattr(synced, _sync(default, now)).append(default.key)
        except (UnknownTask, InvalidParams) as exc:
            synced.errors[default.key] = str(exc)
        except ValidationError as exc:
            messages = exc.message_dict.items()
            synced.errors[default.key] = "; ".join(f"{k}: {' '.join(v)}" for k, v in messages)
    return synced


def _sync(default: DefaultJob, now: datetime | None) -> str:
    """Return which list of Synced the job belongs to."""
    wanted = _values_of(default)
    try:
        with transaction.atomic():
            job = Job.objects.locked().filter(key=default.key).first()
            if job is None:
                job = Job(key=default.key, source=Job.Source.CODE)
                _write(job, wanted, now)
                if reason := default.paused():
                    job.pause(reason, now=now)
                return "created"
            changes = _changes(job, wanted)
            if changes:
                _write(job, changes, now)
    except IntegrityError:  # another process was faster
        return "kept"
    return "updated" if changes else "kept"


def _values_of(default: DefaultJob) -> dict[str, Any]:
    """Return the fields of the job as the code has them."""
    task = registry.get(default.task)
    job = Job()
    job.take_policy_of(task)
    policy = {name: getattr(job, name) for name in Policy.FIELDS} | default.policy
    spec = default.trigger.in_utc()
    return policy | {
        "name": default.name,
        "description": default.description,
        "task": task.name,
        "params": task.parameters.validate(default.params),
        "trigger_kind": spec.kind,
        "trigger_expression": spec.expression,
        "timezone": spec.timezone,
        "start_at": spec.start_at,
        "end_at": spec.end_at,
        "jitter_seconds": spec.jitter_seconds,
    }


def _changes(job: Job, wanted: dict[str, Any]) -> dict[str, Any]:
    """Return what differs from `wanted` and was not edited since it was written."""
    changes: dict[str, Any] = {}
    for group in GROUPS:
        is_edited = any(_as_json(getattr(job, name)) != job.defaults.get(name) for name in group)
        is_news = any(_as_json(wanted[name]) != job.defaults.get(name) for name in group)
        if is_news and not is_edited and job.defaults:
            changes |= {name: wanted[name] for name in group}
    return changes


def _write(job: Job, values: dict[str, Any], now: datetime | None) -> None:
    for name, value in values.items():
        setattr(job, name, value)
    job.defaults = job.defaults | {name: _as_json(value) for name, value in values.items()}
    job.put(now=now)


def _as_json(value: Any) -> Any:
    return value.astimezone(UTC).isoformat() if isinstance(value, datetime) else value
