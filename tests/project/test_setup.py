from __future__ import annotations

import re
from io import StringIO
from pathlib import Path

import pytest
from django.contrib.auth.models import User
from django.core.management import call_command
from django.core.management.base import SystemCheckError
from pytest_django import Settings

from project.management.commands.setup import SAMPLE
from scheduling.models import Job, Run
from scheduling.registry import DefaultJob, registry
from scheduling.triggers import TriggerSpec
from snapshots.models import Account
from tests.installation import Installation
from tests.models import Diary
from vault.keys import new_key

SHOW = """
from scheduling.models import Job, Run
from snapshots.models import Snapshot
print("jobs:", *sorted(Job.objects.values_list("key", flat=True)))
print("runs:", *Run.objects.values_list("job_key", "origin", "status"))
print("snapshots:", Snapshot.objects.count())
"""


@pytest.fixture
def data_dir(db: None, tmp_path: Path, settings: Settings) -> Path:
    settings.DATA_DIR = tmp_path
    settings.STATIC_ROOT = tmp_path / "static"
    settings.STATICFILES_FINDERS = ["django.contrib.staticfiles.finders.FileSystemFinder"]
    return tmp_path


def set_up() -> str:
    output = StringIO()
    call_command("setup", stdout=output, stderr=output)
    return output.getvalue()


def test_a_new_installation_snapshots_the_sample_at_once(new_installation: Installation) -> None:
    new_installation.manage("setup", DEBUG="1")  # static files are not compressed
    scheduler = new_installation.start("runapscheduler")
    scheduler.wait_for("Snapshot 1 of Sample")
    scheduler.end()  # which writes all outcomes
    shown = new_installation.manage("shell", "--verbosity", "0", "--command", SHOW).stdout

    assert "jobs: api_warmers backfill_snapshots cleanup_old_data" in shown
    assert "('pnl_intraday', 'bootstrap', 'succeeded')" in shown
    assert "('pnl_intraday', 'dependency', 'succeeded')" in shown
    assert "snapshots: 1" in shown
    assert (new_installation.data_dir / "static" / "scheduling" / "favicon.svg").exists()


def test_secrets_that_cannot_be_read_end_the_setup(data_dir: Path, settings: Settings) -> None:
    Diary.objects.create(owner="jack", motto="Carpe diem")
    settings.FIELD_ENCRYPTION_KEYS = [new_key()]

    with pytest.raises(
        SystemCheckError, match=r"tests\.Diary\.motto: 1 of its secrets cannot be read"
    ):
        set_up()


def test_the_admin_has_the_given_password(data_dir: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ADMIN_PASSWORD", "open sesame")

    said = set_up()

    assert User.objects.get(username="admin", is_superuser=True).check_password("open sesame")
    assert "open sesame" not in said


def test_a_password_is_generated_and_shown_once(data_dir: Path) -> None:
    first, second = set_up(), set_up()

    (password,) = re.findall(r"^password +(\S+) ", first, re.MULTILINE)
    assert len(password) >= 16
    assert User.objects.get(username="admin").check_password(password)
    assert password not in second


def test_an_existing_admin_is_left_as_he_is(
    data_dir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    User.objects.create_superuser("admin", password="mine")
    monkeypatch.setenv("ADMIN_PASSWORD", "open sesame")

    set_up()

    assert User.objects.get(username="admin").check_password("mine")


def test_another_superuser_is_enough(data_dir: Path) -> None:
    User.objects.create_superuser("jack", password="secret")

    set_up()

    assert not User.objects.filter(username="admin").exists()


def test_a_second_setup_adds_nothing(data_dir: Path) -> None:
    set_up()
    (data_dir / SAMPLE).write_text("my own")

    set_up()

    assert Account.objects.count() == 1
    assert Run.objects.count() == 1
    assert (data_dir / SAMPLE).read_text() == "my own"


def test_a_deleted_sample_does_not_come_back(data_dir: Path) -> None:
    set_up()
    Account.objects.all().delete()

    set_up()

    assert not Account.objects.exists()


def test_a_job_that_ran_before_gets_no_first_run(data_dir: Path) -> None:
    set_up()
    Run.objects.update(origin=Run.Origin.MANUAL)

    set_up()

    assert Run.objects.count() == 1


def test_a_faulty_default_job_does_not_stop_the_others(
    data_dir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    trigger = TriggerSpec(kind="cron", expression="61 * * * *")
    faulty = DefaultJob(key="faulty", name="Faulty", task="tests.echo", trigger=trigger)
    monkeypatch.setitem(registry.default_jobs, "faulty", faulty)

    said = set_up()

    assert "Job faulty is left out" in said
    assert Job.objects.filter(key="pnl_intraday").exists()
