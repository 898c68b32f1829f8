from __future__ import annotations

import os
import secrets
import shutil
from argparse import ArgumentParser
from contextlib import suppress
from typing import Any

from django.conf import settings
from django.contrib.auth.models import User
from django.core.checks import Tags
from django.core.management import call_command
from django.core.management.base import BaseCommand
from django.db import DEFAULT_DB_ALIAS, connection
from django.db.models import Q

from project.static_files import collect_changed
from scheduling.defaults import sync_default_jobs
from scheduling.models import Job, Run
from snapshots.models import Account

ADMIN = "admin"
FIRST_JOB = "pnl_intraday"
SAMPLE = "cointracking/current_balance_usd.csv"  # in examples/, and then in DATA_DIR


class Command(BaseCommand):
    help = "Make this installation ready to start. Do it on every start: what is there stays."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--first-runs",
            nargs="+",
            default=[],
            metavar="KEY",
            help=f"Jobs that are triggered once, beside {FIRST_JOB}, if they have never run.",
        )
        parser.add_argument(
            "--no-sample", action="store_false", dest="sample", help="Add no sample account."
        )

    def handle(self, *, first_runs: list[str], sample: bool, **options: Any) -> None:
        self._migrate()
        self.check(tags=[Tags.database], databases=[DEFAULT_DB_ALIAS])
        self._collect_static_files()
        self._add_admin()
        if sample:
            self._add_sample_account()
        self._sync_jobs()
        for key in [FIRST_JOB, *first_runs]:
            self._run_for_the_first_time(key)

    def _migrate(self) -> None:
        call_command("migrate", interactive=False, verbosity=0)
        self._say("database", f"{connection.vendor}, {connection.settings_dict['NAME']}")

    def _collect_static_files(self) -> None:
        self._say("static files", "collected" if collect_changed() else "unchanged")

    def _add_admin(self) -> None:
        if User.objects.filter(Q(is_superuser=True) | Q(username=ADMIN)).exists():
            return  # never touched, and not wanted back under its old name
        given = os.environ.get("ADMIN_PASSWORD", "")
        password = given or secrets.token_urlsafe(12)
        User.objects.create_superuser(ADMIN, password=password)
        self._say("user", f"{ADMIN} added, password from ADMIN_PASSWORD" if given else ADMIN)
        if not given:
            self._say("password", f"{self.style.WARNING(password)}  (shown only now: keep it)")

    def _add_sample_account(self) -> None:
        owner = User.objects.filter(username=ADMIN, is_superuser=True).first()
        if owner is None or Account.objects.exists() or Run.objects.exists():
            return  # whoever deleted the sample does not want it back
        copy = settings.DATA_DIR / SAMPLE
        copy.parent.mkdir(parents=True, exist_ok=True)
        if not copy.exists():
            shutil.copyfile(settings.BASE_DIR / "examples" / SAMPLE, copy)
        Account.objects.ensure(
            owner=owner,
            source="cointracking",
            name="Sample",
            settings={"path": SAMPLE},
        )
        self._say("sample account", f"added, reads {copy}: put your own export there")

    def _sync_jobs(self) -> None:
        synced = sync_default_jobs()
        for done, keys in (("added", synced.created), ("updated", synced.updated)):
            if keys:
                self._say("jobs", f"{', '.join(keys)} {done}")
        for key, error in synced.errors.items():  # the others run: no reason not to start
            self.stderr.write(f"Job {key} is left out: {error}")

    def _run_for_the_first_time(self, key: str) -> None:
        job = Job.objects.filter(key=key).first()
        if job is None or job.runs.exists():
            return
        run = job.trigger(origin=Run.Origin.BOOTSTRAP)
        self._say("first run", f"{job.key}, run {run.pk}")

    def _say(self, subject: str, text: str) -> None:
        with suppress(BrokenPipeError):  # `setup | head` sets up all the same
            self.stdout.write(f"{subject:<16}{text}")
