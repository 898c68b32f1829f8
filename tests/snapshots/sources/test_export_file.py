from __future__ import annotations

import os
from datetime import UTC, datetime

import pytest

from snapshots.sources.base import InvalidStatement, SourceUnavailable
from snapshots.sources.export_file import read_export
from tests.snapshots.factories import write_export


def test_export_is_from_the_time_it_was_written(tmp_path):
    written_at = datetime(2026, 10, 25, 0, 30, tzinfo=UTC)
    path = write_export(tmp_path / "balance.csv", "a;b", at=written_at)

    file = read_export(path)

    assert (file.name, file.text, file.written_at) == ("balance.csv", "a;b", written_at)


def test_byte_order_mark_is_no_part_of_the_text(tmp_path):
    path = write_export(tmp_path / "balance.csv", b"\xef\xbb\xbfTicker")

    assert read_export(path).text == "Ticker"


def test_missing_file_says_which_and_what_to_do(tmp_path):
    path = tmp_path / "balance.csv"

    with pytest.raises(SourceUnavailable, match=f"There is no file {path}. Export it there"):
        read_export(path)


@pytest.mark.parametrize("data", [b"", b"\xef\xbb\xbf", b"\r\n \r\n"], ids=repr)
def test_empty_file_is_named(tmp_path, data):
    path = tmp_path / "balance.csv"
    path.write_bytes(data)

    with pytest.raises(InvalidStatement, match=r"^balance\.csv is empty"):
        read_export(path)


def test_bytes_that_are_no_text_are_named_by_their_line(tmp_path):
    path = write_export(tmp_path / "balance.csv", b"Ticker\nBTC\nZ\xfcrich\n")

    with pytest.raises(InvalidStatement, match=r"^balance\.csv, line 3: the text is not UTF-8"):
        read_export(path)


def test_zero_byte_is_named_by_its_line(tmp_path):
    path = write_export(tmp_path / "balance.csv", b"Ticker\nB\0TC\n")

    with pytest.raises(InvalidStatement, match=r"^balance\.csv, line 2: a zero byte"):
        read_export(path)


def test_file_beyond_the_limit_is_refused(tmp_path):
    path = write_export(tmp_path / "balance.csv", b"x" * 2049)

    with pytest.raises(InvalidStatement, match="has more than 2 KiB"):
        read_export(path, max_bytes=2048)


def test_directory_is_refused(tmp_path):
    with pytest.raises(SourceUnavailable, match="Is a directory"):
        read_export(tmp_path)


def test_pipe_is_refused_without_waiting_for_a_writer(tmp_path):
    path = tmp_path / "balance.csv"
    os.mkfifo(path)

    with pytest.raises(InvalidStatement, match="is no file"):
        read_export(path)


def test_path_that_is_too_long_is_refused(tmp_path):
    with pytest.raises(SourceUnavailable, match="File name too long"):
        read_export(tmp_path / ("x" * 300))
