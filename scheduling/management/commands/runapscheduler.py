from __future__ import annotations

import os
import signal
from argparse import ArgumentParser
from contextlib import suppress
from datetime import UTC, datetime
from threading import Event
from types import FrameType
from typing import Any
from zoneinfo import ZoneInfo

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.db import DatabaseError, InterfaceError

from scheduling.engine.daemon import Daemon
from scheduling.models import Job


class Command(BaseCommand):
    help = "Fire the jobs and run their runs, until SIGTERM or Ctrl-C."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--quiet", action="store_true", help="Print no banner.")

    def handle(self, *, quiet: bool, **options: Any) -> None:
        stopping = Event()
        daemon = Daemon()
        self._end_on_signals(stopping, daemon)
        try:
            daemon.start()
        except (DatabaseError, InterfaceError) as exc:
            raise CommandError(f"The database does not answer, or lacks migrations: {exc}") from exc
        if not quiet:
            self._print_banner()
        self._say(self.style.SUCCESS("Scheduler started successfully"))
        while not stopping.wait(1.0):
            pass
        self._say(f"Stopping; {daemon.running()} runs have not ended yet")
        daemon.stop()
        self._say("Scheduler stopped")

    def _end_on_signals(self, stopping: Event, daemon: Daemon) -> None:
        def handle(number: int, frame: FrameType | None) -> None:
            if stopping.is_set():
                daemon.abandon()
                os._exit(1)  # the second signal: at once
            stopping.set()

        signal.signal(signal.SIGTERM, handle)
        signal.signal(signal.SIGINT, handle)

    def _say(self, text: str) -> None:
        """Print a line. That nobody reads any more stops no scheduler."""
        with suppress(OSError):
            self.stdout.write(text)
            self.stdout.flush()

    def _print_banner(self) -> None:
        zone = ZoneInfo(settings.TIME_ZONE)
        now = datetime.now(UTC).astimezone(zone)
        self._say("Daybook scheduler")
        self._say(f"  Time zone     {settings.TIME_ZONE}")
        self._say(f"  Current time  {now:%Y-%m-%d %H:%M:%S %Z}")
        self._say(f"  Jobs          {Job.objects.count()}")
        for job in Job.objects.select_related("clock").iterator():
            trigger = f"{job.trigger_kind}[{job.trigger_expression}]"
            self._say(f"    {job.key}  {trigger}  {_when(job)}")


def _when(job: Job) -> str:
    if job.next_run_at is None:
        return job.state
    return f"next: {job.next_run_at.astimezone(ZoneInfo(job.timezone)):%Y-%m-%d %H:%M %Z}"
