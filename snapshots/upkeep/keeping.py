"""Keep logins alive that end when nobody uses them."""

from __future__ import annotations

from typing import Any

from scheduling.context import Degraded, RunContext
from scheduling.exceptions import TaskFailed
from scheduling.models import Job
from snapshots.models import Account, Credential
from snapshots.sources.base import CredentialRefused, SourceError
from snapshots.sources.saxo_api import SaxoApi
from snapshots.sources.saxo_tokens import NAME

KEY = "saxo_keepalive"
NO_LOGIN = (
    "Nobody is logged in at Saxo. Log in on the page of an account of the source saxo_api: then "
    "this job goes on by itself."
)


def why_not() -> str:
    """Return why there is nothing to keep alive; empty: there is something."""
    has_login = Credential.objects.filter(account__source=NAME, tokens__isnull=False).exists()
    return "" if has_login else NO_LOGIN


def resume_keep_alive() -> None:
    """Let the job go on, if all that it waited for was a login."""
    job = Job.objects.filter(
        key=KEY, state=Job.State.PAUSED, state_reason__endswith=NO_LOGIN
    ).first()
    if job:
        job.resume()


def keep_alive(ctx: RunContext) -> dict[str, Any] | Degraded:
    """Renew each session that ends soon. Raise TaskFailed if none could be.

    It is for good once all have ended: a retry would find no login, and call that a success.
    """
    accounts = list(
        Account.objects.filter(source=NAME, credential__tokens__isnull=False).order_by("pk")
    )
    renewed, ended, failed = 0, 0, []
    for done, account in enumerate(accounts):
        ctx.progress(done, len(accounts), account.name)
        source = account.open_source()
        try:
            renewed += isinstance(source, SaxoApi) and source.keep_alive()
        except SourceError as exc:
            ctx.log.error("The login of %s was not renewed: %s", account, exc)
            ended += isinstance(exc, CredentialRefused)
            failed.append({"account": account.name, "error": str(exc)})
    result = {"logins": len(accounts), "renewed": renewed}
    if not failed:
        return result
    reason = f"{len(failed)} of {len(accounts)} logins were not renewed: {failed[0]['error']}"
    if len(failed) == len(accounts):
        raise TaskFailed(reason, permanent=ended == len(failed))
    return Degraded(result, reason=reason, failed=failed)
