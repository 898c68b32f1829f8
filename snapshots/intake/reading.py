"""Read what was uploaded, in a run: a file that cannot be read never replaces one that can."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from scheduling.context import Degraded, RunContext
from scheduling.models import Job
from snapshots.models import Upload
from snapshots.models.surroundings import surroundings_of
from snapshots.sources import open_source
from snapshots.sources.base import InvalidStatement, SourceError, Statement

KEY = "read_uploads"


def request_reading(by: Any) -> int | None:
    """Ask for a run that reads what waits; return its number. None: the job is not there."""
    job = Job.objects.filter(key=KEY).exclude(state=Job.State.BROKEN).first()
    return job.trigger(requested_by=by).pk if job else None


def read_waiting(ctx: RunContext) -> dict[str, Any] | Degraded:
    """Read each upload that waits, the oldest first, and say what came of it."""
    waiting = Upload.objects.filter(state=Upload.State.WAITING).select_related("account")
    numbers = list(waiting.order_by("received_at", "pk").values_list("pk", flat=True))
    read, failed = 0, []
    for done, number in enumerate(numbers):  # one by one: all of them need not fit into memory
        ctx.progress(done, len(numbers))
        if ctx.should_stop():
            break
        upload = waiting.filter(pk=number).first()
        if upload is None:  # somebody has deleted it, or its account
            continue
        try:
            _refuse_what_ended_its_reader(upload)
            upload.mark_begun(run_id=ctx.run.id)
            statement = _read(upload)
        except SourceError as exc:
            ctx.log.error("%s: %s", upload, exc)
            upload.mark_refused(str(exc), run_id=ctx.run.id)
            failed.append({"account": upload.account.name, "file": upload.name, "error": str(exc)})
            continue
        read += 1
        count = len(statement.positions)
        upload.mark_read(positions=count, as_of=statement.as_of, run_id=ctx.run.id)
        ctx.log.info("%s: %d positions, as of %s.", upload, count, statement.as_of.isoformat())
    result = {"read": read, "refused": len(failed)}
    if not failed:
        return result
    reason = f"{len(failed)} of {read + len(failed)} files cannot be read: {failed[0]['error']}"
    return Degraded(result, reason=reason, failed=failed)


def _refuse_what_ended_its_reader(upload: Upload) -> None:
    """Raise InvalidStatement if a run began to read it and never said what came of it.

    It may need more memory or time than there is, and would end each run before the other files.
    """
    if upload.run_id is not None:
        raise InvalidStatement(
            f"Run {upload.run_id} ended while it read {upload.name}: it may be too large, or "
            "damaged. If that run was stopped, upload the file again."
        )


def _read(upload: Upload) -> Statement:
    account = upload.account
    around = replace(surroundings_of(account), newest_file=lambda: upload.file)
    statement = open_source(account.source, account.settings, around).fetch()
    wrong = [part.error for part in statement.parts if not part.is_ok]
    if wrong or not statement.positions:
        raise InvalidStatement(
            f"{upload.name}: {'; '.join(wrong) or 'it lists no position'}. It is not used."
        )
    if statement.currency != account.currency:
        raise InvalidStatement(
            f"{upload.name} has values in {statement.currency}, and the account is kept in "
            f"{account.currency}. Export in {account.currency}, or change the account's currency."
        )
    return statement
