from __future__ import annotations

from pathlib import Path

import pytest
from pytest_django.fixtures import Settings


@pytest.fixture(autouse=True)
def data_dir(request: pytest.FixtureRequest, tmp_path: Path, settings: Settings) -> None:
    """Give every test a DATA_DIR of its own: `tmp_path`, or `self.data_dir` in a class."""
    settings.DATA_DIR = tmp_path
    if request.cls is not None:
        request.cls.data_dir = tmp_path
