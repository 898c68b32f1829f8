"""Run a job's task by hand, as a run like any other."""

from __future__ import annotations

import sys
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from scheduling.engine.inline import bury_the_dead, run_here
from scheduling.exceptions import InvalidParams, JobConflict
from scheduling.models import Job, Run
from scheduling.progress import ProgressLine

GOOD = (Run.Status.SUCCEEDED, Run.Status.DEGRADED)


class JobCommand(BaseCommand):
    """A command that triggers a job and waits for its outcome."""

    def run_job(self, key: str, params: dict[str, Any], *, origin: str = Run.Origin.MANUAL) -> Run:
        """Return the run as it ended. Raise CommandError if it failed or cannot be requested."""
        job = Job.objects.filter(key=key).first()
        if job is None:
            raise CommandError(f"There is no job {key!r}. Make it with: manage.py sync_jobs")
        bury_the_dead()
        try:
            run = job.trigger(params=params, origin=origin)
        except (InvalidParams, JobConflict) as exc:
            raise CommandError(str(exc)) from exc
        self._wait(run)
        if run.status not in GOOD:
            said = run.error or run.reason
            raise CommandError(f"Run {run.pk} is {run.get_status_display().lower()}: {said}")
        return run

    def _wait(self, run: Run) -> None:
        line = ProgressLine(sys.stderr)
        try:
            run_here(run, watch=line.show)
        except KeyboardInterrupt:
            raise CommandError(
                f"Run {run.pk} was asked to stop. What it wrote stays; its page says how it ended."
            ) from None
        finally:
            line.clear()
