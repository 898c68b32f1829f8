"""What pyproject.toml asks for is what the locks install."""

from __future__ import annotations

import tomllib

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from packaging.version import Version

from tests.house.tree import ROOT

PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
RUNTIME = PROJECT["dependencies"]
DEV = PROJECT["optional-dependencies"]["dev"]


def locked(name: str) -> dict[str, Version]:
    lines = [line.partition("==") for line in (ROOT / name).read_text().split()]
    return {canonicalize_name(package): Version(version) for package, _, version in lines}


@pytest.mark.parametrize(
    ("wanted", "lock"),
    [(RUNTIME, "requirements.lock"), (RUNTIME + DEV, "requirements-dev.lock")],
    ids=["runtime", "dev"],
)
def test_the_lock_has_a_version_that_fits_each_dependency(wanted: list[str], lock: str) -> None:
    versions = locked(lock)

    for requirement in map(Requirement, wanted):
        assert versions[canonicalize_name(requirement.name)] in requirement.specifier


def test_tests_run_on_the_versions_that_production_has() -> None:
    runtime, dev = locked("requirements.lock"), locked("requirements-dev.lock")

    assert runtime.items() <= dev.items()
