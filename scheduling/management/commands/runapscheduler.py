from __future__ import annotations

import logging
import os
import signal
from argparse import ArgumentParser
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime
from threading import Event
from types import FrameType
from typing import Any

from django.conf import settings
from django.core.checks import Tags
from django.core.checks.registry import registry
from django.core.management.base import BaseCommand, CommandError
from django.db import DEFAULT_DB_ALIAS, DatabaseError, InterfaceError
from django.template.defaultfilters import pluralize

from scheduling.engine.daemon import Daemon
from scheduling.management.banner import banner

NOT_HERE = {Tags.admin, Tags.database, Tags.staticfiles, Tags.templates, Tags.urls}

logger = logging.getLogger(__name__)


class Command(BaseCommand):
    help = "Fire the jobs and run their runs, until SIGTERM or Ctrl-C."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--quiet", action="store_true", help="Print no banner.")

    def get_check_kwargs(self, options: Any) -> Any:
        """Leave out the checks of pages: they would load them all, and nobody asks for one here."""
        tags = sorted(registry.tags_available() - NOT_HERE)
        return super().get_check_kwargs(options) | {"tags": tags}

    def handle(self, *, quiet: bool, **options: Any) -> None:
        stopping = Event()
        daemon = Daemon()
        try:
            self.check(tags=[Tags.database], databases=[DEFAULT_DB_ALIAS])
            self._end_on_signals(stopping, daemon)
            self._say(*() if quiet else list(banner(datetime.now(UTC))))
            daemon.start()
        except (DatabaseError, InterfaceError) as exc:
            raise CommandError(f"The database does not answer, or lacks migrations: {exc}") from exc
        self._say("Scheduler started successfully", style=self.style.SUCCESS)
        while not stopping.wait(1.0):
            pass
        running = daemon.running()
        self._say(f"Stopping; {running} {pluralize(running, 'run has,runs have')} not ended yet")
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

    def _say(self, *lines: str, style: Callable[[str], str] = str) -> None:
        """Print lines. That nobody reads any more stops no scheduler.

        Whoever wants each line as JSON gets them as log records.
        """
        if settings.LOG_FORMAT == "json":
            for line in lines:
                logger.info(" ".join(line.split()))
            return
        with suppress(OSError):
            for line in lines:
                self.stdout.write(style(line))
            self.stdout.flush()
