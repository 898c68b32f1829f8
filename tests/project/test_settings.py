"""The knobs of the engine are settings, all of them."""

from __future__ import annotations

import inspect
import re

from django.conf import settings
from django.test import override_settings

from scheduling import options
from scheduling.options import Options
from tests.project.test_environment import read_settings

KNOBS = re.findall(r'_setting\("([A-Z_]+)"', inspect.getsource(options))


def test_each_knob_can_be_set() -> None:
    given = read_settings(**dict.fromkeys(KNOBS, "7"))

    assert len(KNOBS) == len(Options.__dataclass_fields__)
    assert {name: given[name] for name in KNOBS} == dict.fromkeys(KNOBS, 7)


def test_each_knob_has_one_default() -> None:
    as_set = Options()

    with override_settings():
        for name in KNOBS:
            delattr(settings, name)
        assert Options() == as_set


def test_each_knob_is_explained_to_the_operator() -> None:
    manual = (settings.BASE_DIR / "docs" / "operations.md").read_text()

    assert [name for name in KNOBS if f"`{name}`" not in manual] == []
