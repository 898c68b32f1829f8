"""What a task says through its context."""

from __future__ import annotations

import logging
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context
from threading import Event
from typing import Any

import pytest

from scheduling.context import RunContext, RunInfo, at_end_of_run, current_run, running
from tests.factories import NOW

INFO = RunInfo(
    id=1, job_key="job", task="tests.talk", origin="manual", attempt=1,
    scheduled_at=NOW, owner_id=None, requested_by_id=None,
)  # fmt: skip


class Kept:
    """Keeps the artifacts, as the recorder does."""

    def __init__(self) -> None:
        self.artifacts: list[tuple[str, bytes, str]] = []

    def progress(self, run_id: int, progress: dict[str, Any]) -> None: ...

    def artifact(self, run_id: int, name: str, content: bytes, content_type: str) -> None:
        self.artifacts.append((name, content, content_type))


@pytest.mark.parametrize(
    ("content", "said", "kept"),
    [
        pytest.param("tea", None, "text/plain; charset=utf-8", id="text"),
        pytest.param(b"tea", None, "application/octet-stream", id="bytes"),
        pytest.param(b"tea", "text/csv", "text/csv", id="bytes-of-a-kind"),
    ],
)
def test_an_artifact_is_of_the_kind_that_is_said_or_of_its_type(
    content: str | bytes, said: str | None, kept: str
) -> None:
    recording = Kept()
    ctx = RunContext(run=INFO, log=logging.getLogger(), recording=recording, stop=Event())

    ctx.artifact("said", content, said)

    assert recording.artifacts == [("said", b"tea", kept)]


def test_the_run_is_known_to_what_its_task_calls_and_to_its_threads() -> None:
    with running(INFO), ThreadPoolExecutor() as pool:
        inside = pool.submit(copy_context().run, current_run).result()

    assert inside is INFO
    assert current_run() is None


def test_what_was_asked_for_is_done_when_the_run_ends_also_if_it_fails() -> None:
    done: list[str] = []

    def fail() -> None:
        with running(INFO):
            assert at_end_of_run(lambda: done.append("written"))
            done.append("failed")
            raise ValueError("no")

    with pytest.raises(ValueError, match="no"):
        fail()

    assert done == ["failed", "written"]
    assert not at_end_of_run(lambda: done.append("never"))
