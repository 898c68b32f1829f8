from __future__ import annotations

import logging
import multiprocessing
from datetime import UTC, datetime
from pathlib import Path

import pytest

from snapshots.capture.journal import PLACE, Entry, Noted, append_line

AT = datetime(2025, 10, 2, 14, 30, tzinfo=UTC)
ENTRY = Entry(at=AT, kind="intraday", user="jack", source="cointracking")
OK = "[2025-10-02 14:30:00] intraday OK - user=jack source=cointracking"


def test_success_is_a_line(tmp_path):
    with Noted(ENTRY, tmp_path):
        pass

    assert (tmp_path / "data" / "logs" / "snapshots.log").read_text() == f"{OK}\n"


def test_failure_is_one_line_with_its_error(tmp_path):
    with pytest.raises(ValueError, match="two"), Noted(ENTRY, tmp_path):
        raise ValueError("line one\r\n[2025-10-02 14:45:00] line two")

    assert (tmp_path / PLACE).read_text() == (
        "[2025-10-02 14:30:00] intraday FAILED - user=jack source=cointracking "
        "error=line one [2025-10-02 14:45:00] line two\n"
    )


def test_failure_without_words_is_named_by_its_kind(tmp_path):
    with pytest.raises(KeyError), Noted(ENTRY, tmp_path):
        raise KeyError

    assert (tmp_path / PLACE).read_text().endswith("error=KeyError\n")


def test_only_failures_are_written_where_success_is_no_outcome_yet(tmp_path):
    with Noted(ENTRY, tmp_path, only_failure=True):
        pass

    assert not (tmp_path / PLACE).exists()


def test_account_is_named_where_there_are_several():
    entry = Entry(at=AT, kind="eod", user="jack", source="cointracking", account="Cold wallet")

    assert entry.line().endswith("eod OK - user=jack source=cointracking account=Cold wallet")


def test_file_that_cannot_be_written_is_a_warning(tmp_path, caplog):
    (tmp_path / "data").write_text("in the way")

    with caplog.at_level(logging.WARNING), Noted(ENTRY, tmp_path):
        pass

    assert f"so it lacks: {OK}" in caplog.text


def write_many(path: Path, number: int) -> None:
    for _ in range(200):
        append_line(path, f"{number}" * 300)


def test_lines_of_several_processes_stay_whole(tmp_path):
    path = tmp_path / PLACE
    spawn = multiprocessing.get_context("spawn")
    processes = [spawn.Process(target=write_many, args=(path, n)) for n in range(3)]

    for process in processes:
        process.start()
    for process in processes:
        process.join()

    lines = path.read_text().splitlines()
    assert len(lines) == 600
    assert set(lines) == {"0" * 300, "1" * 300, "2" * 300}
