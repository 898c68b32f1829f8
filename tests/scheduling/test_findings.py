from __future__ import annotations

from datetime import UTC, datetime

import pytest

from scheduling import findings
from scheduling.findings import Finding, find_all, register_finder

NOW = datetime(2025, 10, 2, 14, 30, tzinfo=UTC)


def find(now: datetime) -> list[Finding]:
    return [Finding(subject="files", tone="good", words=f"read at {now:%H:%M}")]


@pytest.fixture(autouse=True)
def _our_own_finder(monkeypatch):
    monkeypatch.setattr(findings, "_FINDERS", {})
    register_finder(f"{__name__}.find", permission="files.view_file")


def test_an_app_tells_how_its_data_is():
    (finding,) = find_all(NOW, lambda permission: permission == "files.view_file")

    assert finding.words == "read at 14:30"


def test_who_may_not_see_the_data_hears_nothing_of_it():
    assert find_all(NOW, lambda permission: False) == []
