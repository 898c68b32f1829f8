"""How the data of accounts is, in a line each: for the pages that show health."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta

from django.urls import reverse

from scheduling.findings import Finding
from scheduling.models import Run
from snapshots.models import Account, Snapshot, Watch

MONITOR = "staleness_monitor"
PATIENCE = timedelta(hours=3)  # it looks each hour
Status = Run.Status
TONES = {"late": "warn", "stale": "bad", "never": "warn", "unreadable": "bad"}


def find(now: datetime) -> Iterator[Finding]:
    """Yield the accounts whose data is not fresh, as the staleness monitor saw them.

    And that nobody looks, where that is so: then there is nothing here to be seen; and how many
    snapshots wait for a review.
    """
    if silence := _silence(now):
        yield Finding(subject="How late accounts are", tone="warn", words=silence)
    for one in Watch.objects.filter(subject__startswith="account:").exclude(state="fresh"):
        yield Finding(
            subject=f"Data of {one.name}",
            tone="bad" if TONES[one.state] == "bad" else "warn",
            words=f"{one.state} since {one.changed_at:%Y-%m-%d %H:%M}Z. {one.says}".strip(),
        )
    if suspects := Snapshot.objects.filter(status=Snapshot.Status.SUSPECT).count():
        yield Finding(
            subject="Snapshots",
            tone="warn",
            words=f"{suspects} to review",
            url=f"{reverse('admin:snapshots_snapshot_changelist')}?status__exact=suspect",
        )


def _silence(now: datetime) -> str:
    """Return since when the monitor has not looked; empty: it has, or there is no account."""
    if not Account.objects.filter(created_at__lt=now - PATIENCE).exists():
        return ""
    runs = Run.objects.filter(job__key=MONITOR, status__in=(Status.SUCCEEDED, Status.DEGRADED))
    last = runs.order_by("-scheduled_at").values_list("scheduled_at", flat=True).first()
    if last is None:
        return f"Nobody has looked yet: see the job {MONITOR}."
    return (
        f"Nobody has looked since {last:%Y-%m-%d %H:%M}Z: see the job {MONITOR}."
        if now - last > PATIENCE
        else ""
    )
