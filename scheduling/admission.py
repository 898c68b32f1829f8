"""Overlap: may a new run of a job start beside those that have not ended?"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Overlap = Literal["skip", "queue", "allow"]
Decision = Literal["start", "wait", "skip"]


@dataclass(slots=True)
class Load:
    """The runs of one job that have not ended."""

    active: int = 0  # running, or pending and free to start
    waiting: int = 0  # pending, held back until an earlier run has ended


def instances(overlap: str, max_instances: int) -> int:
    """Return how many runs of a job may be active at once."""
    return 1 if overlap == "skip" else max_instances


def admit(load: Load, *, overlap: str, max_instances: int, queue_cap: int) -> Decision:
    """Decide about one more run, and count it in `load`."""
    if load.active < instances(overlap, max_instances) and not load.waiting:
        load.active += 1
        return "start"
    if overlap == "queue" and load.waiting < queue_cap:
        load.waiting += 1
        return "wait"
    return "skip"


def refusal(load: Load, *, overlap: str, queue_cap: int) -> str:
    """Say in a sentence why a run was skipped."""
    if overlap == "queue":
        return f"{queue_cap} runs of this job are waiting already."
    runs = "run" if load.active == 1 else "runs"
    return f"{load.active} {runs} of this job had not ended."
