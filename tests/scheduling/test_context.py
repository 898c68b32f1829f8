"""What a task says through its context."""

from __future__ import annotations

import logging
from threading import Event
from typing import Any

import pytest

from scheduling.context import RunContext, RunInfo
from tests.factories import NOW


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
    info = RunInfo(
        id=1, job_key="job", task="tests.talk", origin="manual", attempt=1,
        scheduled_at=NOW, owner_id=None, requested_by_id=None,
    )  # fmt: skip
    ctx = RunContext(run=info, log=logging.getLogger(), recording=recording, stop=Event())

    ctx.artifact("said", content, said)

    assert recording.artifacts == [("said", b"tea", kept)]
