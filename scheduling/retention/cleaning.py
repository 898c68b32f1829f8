"""Deleting what the limits do not keep, or counting it."""

from __future__ import annotations

from datetime import datetime
from importlib import import_module

from django.conf import settings

from scheduling.models import Artifact, LogLine
from scheduling.pace import Pace
from scheduling.retention import removal
from scheduling.retention.expiry import Expired, Limits
from scheduling.tallies import merge_tallies_of_gone_jobs


def clean_up(limits: Limits, *, now: datetime, pace: Pace | None = None) -> dict[str, int]:
    """Delete what `limits` do not keep, the oldest first, and return how much of each kind.

    Ends early when `pace` says so; the next time takes the rest.
    """
    pace = pace or Pace()
    expired = Expired(limits, now)
    deleted = {
        "workers": removal.delete_rows(expired.workers(), pace),
        "runs": 0,
        "log_lines": removal.delete_log_lines_of(expired.runs_with(LogLine), pace),
        "artifacts": removal.delete_artifacts_of(expired.runs_with(Artifact), pace),
    }
    for runs in expired.runs():
        for kind, count in removal.delete_runs(runs, pace).items():
            deleted[kind] += count
    merge_tallies_of_gone_jobs()
    removal.delete_rows(expired.day_tallies(), pace)
    import_module(settings.SESSION_ENGINE).SessionStore.clear_expired()
    return deleted | {
        "apscheduler_history": sum(
            removal.delete_rows(rows, pace) for rows in expired.apscheduler_history()
        ),
        "api_tokens": expired.tokens().delete()[0],
    }


def count_expired(limits: Limits, *, now: datetime) -> dict[str, int]:
    """Return what `clean_up` would delete, and delete nothing."""
    expired = Expired(limits, now)
    return {
        "runs": sum(runs.count() for runs in expired.runs()),
        "log_lines": _count_belongings(LogLine, expired),
        "artifacts": _count_belongings(Artifact, expired),
        "apscheduler_history": sum(rows.count() for rows in expired.apscheduler_history()),
        "workers": expired.workers().count(),
        "api_tokens": expired.tokens().count(),
    }


def _count_belongings(kind: type[LogLine | Artifact], expired: Expired) -> int:
    rows = kind._default_manager.all()
    alone = rows.filter(run__in=expired.runs_with(kind)).count()
    with_runs = rows.filter(expired.kept_belongings()).order_by()
    return alone + sum(with_runs.filter(run__in=runs.order_by()).count() for runs in expired.runs())
