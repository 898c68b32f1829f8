"""Counting from outside: what tasks wrote into a file, compared with what the runs say."""

from __future__ import annotations

import os
import time
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from django_apscheduler.models import DjangoJob

from scheduling.models import Job, LogLine, Run
from tests.chaos.pace import PATIENCE

Occurrence = tuple[str, datetime]


@dataclass(frozen=True)
class Line:
    """What `chaos.work` and the like leave behind when they start."""

    job_key: str
    scheduled_at: datetime
    attempt: int
    process_id: int
    written_at: float  # Unix time

    @property
    def late(self) -> float:
        return self.written_at - self.scheduled_at.timestamp()


@dataclass(frozen=True)
class Tally:
    expected: int  # occurrences
    executed: int  # of those, at least once
    duplicates: int  # lines that the runs do not account for
    lost: int  # neither executed nor with a final status that says why not
    stuck: int  # runs of any job that have not ended

    @property
    def is_clean(self) -> bool:
        return (self.duplicates, self.lost, self.stuck) == (0, 0, 0)


def lines_of(path: Path) -> list[Line]:
    text = path.read_text() if path.exists() else ""
    rows = [line.split() for line in text.splitlines()]
    return [
        Line(key, datetime.fromisoformat(at), int(attempt), int(process_id), float(written))
        for key, at, attempt, process_id, written in rows
    ]


def each(job_key: str, start: datetime, end: datetime, step: timedelta) -> set[Occurrence]:
    """Return the occurrences of a job from `start` to `end`, both included."""
    count = (end - start) // step
    return {(job_key, start + step * number) for number in range(count + 1)}


def tally(path: Path, expected: Iterable[Occurrence]) -> Tally:
    expected = set(expected)
    lines = lines_of(path)
    executed = {(line.job_key, line.scheduled_at) for line in lines}
    counted = Counter((line.job_key, line.scheduled_at, line.attempt) for line in lines)
    explained = {
        (key, at)
        for key, at, status in Run.objects.values_list("job_key", "scheduled_at", "status")
        if status in ("lost", "missed", "skipped", "cancelled")
    }
    return Tally(
        expected=len(expected),
        executed=len(expected & executed),
        duplicates=sum(counted.values()) - len(counted) + len(executed - expected),
        lost=len(expected - executed - explained),
        stuck=Run.objects.open().count(),
    )


def until(happened: Callable[[], object], *, seconds: float = PATIENCE, what: str = "it") -> float:
    """Wait until `happened` is true, and return how many seconds that took."""
    start = time.monotonic()
    while not happened():
        if time.monotonic() - start > seconds:
            states = Counter(Run.objects.values_list("job_key", "status", "reason"))
            raise AssertionError(f"Waited {seconds:.0f} s for {what}. Runs: {states}")
        time.sleep(0.02)
    return time.monotonic() - start


def all_ended() -> bool:
    return not Run.objects.open().exists()


def none_fires() -> bool:
    """Tell whether the jobs that fire each second or so have come to their end."""
    soon = datetime.now(UTC) + timedelta(minutes=1)
    return not Job.objects.filter(state="active", clock__next_run_time__lt=soon).exists()


def wait_until(instant: datetime) -> None:
    while datetime.now(UTC) < instant:
        time.sleep(0.02)


def occurrences_of(runs: Iterable[Run]) -> list[Occurrence]:
    return [(run.job_key, run.scheduled_at) for run in runs]


def forget(path: Path) -> None:
    """Leave nothing of a scenario to the next one, but the processes that live."""
    LogLine.objects.all().delete()
    Run.objects.all().delete()
    DjangoJob.objects.all().delete()
    Job.objects.all().delete()
    path.unlink(missing_ok=True)


def is_alive(process_id: int) -> bool:
    """Tell whether there is such a process, other than one that nobody has reaped yet."""
    try:
        state = Path(f"/proc/{process_id}/stat").read_text().rpartition(")")[2].split()[0]
    except (FileNotFoundError, ProcessLookupError):
        return False
    return state != "Z" and os.path.exists(f"/proc/{process_id}")
