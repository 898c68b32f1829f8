from __future__ import annotations

from pathlib import Path

import pytest
from pytest_django import Settings

from project.static_files import collect_changed


@pytest.fixture
def style(tmp_path: Path, settings: Settings) -> Path:
    """The only static file of the project."""
    (tmp_path / "source").mkdir()
    file = tmp_path / "source" / "style.css"
    file.write_text("body {}")
    settings.STATICFILES_FINDERS = ["django.contrib.staticfiles.finders.FileSystemFinder"]
    settings.STATICFILES_DIRS = [file.parent]
    settings.STATIC_ROOT = tmp_path / "collected"
    return file


def test_files_are_collected_once(style: Path, settings: Settings) -> None:
    assert collect_changed()
    assert not collect_changed()
    assert (settings.STATIC_ROOT / "style.css").read_text() == "body {}"


def test_a_changed_file_is_collected_again(style: Path, settings: Settings) -> None:
    collect_changed()
    style.write_text("body { color: black }")

    assert collect_changed()
    assert (settings.STATIC_ROOT / "style.css").read_text() == "body { color: black }"


def test_a_new_file_is_collected(style: Path, settings: Settings) -> None:
    collect_changed()
    style.with_name("more.css").write_text("a {}")

    assert collect_changed()
    assert (settings.STATIC_ROOT / "more.css").exists()


def test_lost_files_are_collected_again(style: Path, settings: Settings) -> None:
    collect_changed()
    (settings.STATIC_ROOT / ".collected").unlink()

    assert collect_changed()
