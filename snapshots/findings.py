"""How the data of accounts is, in a line each: for the pages that show health."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from scheduling.findings import Finding
from snapshots.models import Watch

TONES = {"late": "warn", "stale": "bad", "never": "warn", "unreadable": "bad"}


def find(now: datetime) -> Iterator[Finding]:
    """Yield the accounts whose data is not fresh, as the staleness monitor saw them."""
    for one in Watch.objects.filter(subject__startswith="account:").exclude(state="fresh"):
        yield Finding(
            subject=f"Data of {one.name}",
            tone="bad" if TONES[one.state] == "bad" else "warn",
            words=f"{one.state} since {one.changed_at:%Y-%m-%d %H:%M}Z. {one.says}".strip(),
        )
