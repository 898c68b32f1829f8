from __future__ import annotations

import pytest

from scheduling.admission import Load, admit, refusal


@pytest.mark.parametrize(
    ("overlap", "max_instances", "decisions"),
    [
        pytest.param("skip", 1, ["start", "skip", "skip", "skip"], id="skip-runs-one"),
        pytest.param("allow", 2, ["start", "start", "skip", "skip"], id="allow-runs-up-to-n"),
        pytest.param("queue", 1, ["start", "wait", "wait", "skip"], id="queue-waits-up-to-its-cap"),
        pytest.param("queue", 2, ["start", "start", "wait", "wait"], id="queue-runs-up-to-n"),
    ],
)
def test_quick_triggers_are_admitted_as_the_policy_says(
    overlap: str, max_instances: int, decisions: list[str]
) -> None:
    load = Load()

    given = [
        admit(load, overlap=overlap, max_instances=max_instances, queue_cap=2) for _ in range(4)
    ]

    assert given == decisions


def test_a_newcomer_does_not_overtake_the_queue() -> None:
    load = Load(active=0, waiting=1)

    assert admit(load, overlap="queue", max_instances=1, queue_cap=9) == "wait"


@pytest.mark.parametrize(
    ("load", "overlap", "text"),
    [
        (Load(active=1), "skip", "1 run of this job had not ended."),
        (Load(active=3), "allow", "3 runs of this job had not ended."),
        (Load(active=1, waiting=5), "queue", "5 runs of this job are waiting already."),
    ],
)
def test_a_skipped_run_says_why(load: Load, overlap: str, text: str) -> None:
    assert refusal(load, overlap=overlap, queue_cap=5) == text
