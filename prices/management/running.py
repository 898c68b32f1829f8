"""Run a job's task by hand, as a run like any other, and tell what came of it."""

from __future__ import annotations

import sys
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from scheduling.engine.inline import bury_the_dead, lost_and_left, run_here
from scheduling.exceptions import InvalidParams, JobConflict
from scheduling.models import Job, Run
from scheduling.progress import ProgressLine

GOOD = (Run.Status.SUCCEEDED, Run.Status.DEGRADED)
HELD_UP = (
    " Its page shows how far it is. One whose process was killed counts as open until a scheduler "
    "finds it lost; without a scheduler, for some minutes."
)
NAMED = 10  # failures that are told one by one
COUNTED = ("instruments", "new", "changed", "unchanged", "gaps", "failed")


class RunCommand(BaseCommand):
    """A command that triggers a job, shows its progress and waits for its outcome."""

    def run_job(self, key: str, params: dict[str, Any]) -> dict[str, Any]:
        """Return the result of the run. Raise CommandError if it fails or cannot be requested.

        params  override those of the job, unless they are None
        """
        given = {name: value for name, value in params.items() if value is not None}
        line = ProgressLine(sys.stderr)
        try:
            job = self._job(key)
            self._finish_lost(job, line)
            run = self._run(self._requested(job, given), line)
        finally:
            line.clear()
        if run.status not in GOOD:
            said = run.error or run.reason
            if run.status == Run.Status.SKIPPED:
                said += HELD_UP
            raise CommandError(f"Run {run.pk} is {run.get_status_display().lower()}: {said}")
        result = run.result or {}
        if run.status != Run.Status.DEGRADED:
            return result
        self._tell_failures(run, result)
        return result["result"] or {}

    def _job(self, key: str) -> Job:
        job = Job.objects.filter(key=key).first()
        if job is None:
            raise CommandError(f"There is no job {key!r}. Make it with: manage.py sync_jobs")
        return job

    def _finish_lost(self, job: Job, line: ProgressLine) -> None:
        """Run again what was killed, if no scheduler does: until then nothing else may run."""
        bury_the_dead()
        for run in lost_and_left(job):
            self.stderr.write(
                f"Run {run.pk} was not finished; it is run again first. {_again(run)}"
            )
            self._run(run, line)

    def _run(self, run: Run, line: ProgressLine) -> Run:
        """Return the run as it ended, or tell what becomes of it after Ctrl-C."""
        told = run.attempt

        def watch(run: Run) -> None:
            nonlocal told
            line.show(run)
            if run.status == Run.Status.PENDING and run.attempt > told:
                told = run.attempt
                line.clear()
                self.stderr.write(f"{run.reason.rstrip('.')}. {_again(run)}")

        try:
            return run_here(run, watch=watch)
        except KeyboardInterrupt:
            run.refresh_from_db()
            if run.status == Run.Status.PENDING:
                run.cancel()
            said = "goes on in a worker" if run.is_open else "was cancelled; what it wrote stays"
            raise CommandError(f"Run {run.pk} {said}.") from None

    def _requested(self, job: Job, params: dict[str, Any]) -> Run:
        try:
            return job.trigger(params=params, origin=Run.Origin.MANUAL)
        except InvalidParams as exc:
            raise CommandError(_as_options(exc)) from exc
        except JobConflict as exc:
            raise CommandError(str(exc)) from exc

    def _tell_failures(self, run: Run, result: dict[str, Any]) -> None:
        failed = result["failed"]
        for item in failed[:NAMED]:
            name = ":".join(item[key] for key in ("exchange", "instrument") if key in item)
            self.stderr.write(f"{name}: {item['error']}")
        if len(failed) > NAMED:
            self.stderr.write(f"… and {len(failed) - NAMED} more.")
        again = " Its page in the admin retries what failed."
        if len(failed) <= NAMED and result.get("retry"):
            again = f" These alone: {' '.join(map(_option, result['retry'].items()))}"
        self.stderr.write(f"Run {run.pk} is degraded.{again}")


def _again(run: Run) -> str:
    when = f" at {run.due_at:%Y-%m-%d %H:%M:%S}Z" if run.due_at else ""
    return f"It is tried again{when}; Ctrl-C cancels it."


def _option(param: tuple[str, Any]) -> str:
    name, value = param
    values = value if isinstance(value, list) else [value]
    return " ".join([f"--{name.replace('_', '-')}", *map(str, values)])


def _as_options(error: InvalidParams) -> str:
    """Say what is wrong by the names of options: --days-back, not days_back."""
    parts = (f"--{name.replace('_', '-')}: {' '.join(said)}" for name, said in error.errors.items())
    return " ".join(parts)


def summary(result: dict[str, Any]) -> str:
    """Return the last line of a collection of candles, and before it what was left out."""
    counts = {name: f"{result[name]:,}" for name in COUNTED}
    line = (
        "{instruments} instruments. Candles: {new} new, {changed} changed, {unchanged} unchanged. "
        "Gaps: {gaps}. Failed: {failed}."
    ).format(**counts)
    if result["instruments"] and not result["new"] + result["changed"] + result["failed"]:
        line += " Nothing was written: all of it was there."
    left_out = [f"{venue} is left out: {why}" for venue, why in result["left_out"].items()]
    return "\n".join([*left_out, line])
