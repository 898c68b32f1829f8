"""The jobs of several scenarios."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from scheduling.models import Job
from tests.chaos.counting import Occurrence, each, wait_until
from tests.factories import make_job

SECOND = timedelta(seconds=1)
NEVER = "0 0 1 1 *"


def make_manual_job(**values: Any) -> Job:
    """Put a job that does not fire by itself."""
    return make_job(**{"trigger_expression": NEVER, **values})


def next_second() -> datetime:
    """Return a full second that leaves the time to put jobs before it."""
    return (datetime.now(UTC) + 1.5 * SECOND).replace(microsecond=0)


def make_busy(out: Path, *, seconds: float) -> set[Occurrence]:
    """Put a job that fires each second for a while, and return its occurrences.

    Its first fire time has come. What nobody fires in time is fired later, each for itself.
    """
    start = next_second()
    end = start + timedelta(seconds=round(seconds))
    make_job(
        key="busy", task="chaos.order", params={"path": str(out)}, trigger_expression="* * * * * *",
        start_at=start, end_at=end, coalesce=False, overlap="allow", max_instances=100,
        misfire_grace_seconds=None,
    )  # fmt: skip
    wait_until(start)
    return each("busy", start, end, SECOND)
