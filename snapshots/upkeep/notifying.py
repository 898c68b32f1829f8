"""Tell operators what has changed, by mail: each change once, those of one look together."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from django.conf import settings
from django.core.mail import send_mail
from django.db.models import F

from snapshots.models import Watch

MOST = 50  # changes that a mail names


def notify() -> str:
    """Send what nobody was told yet; return why that failed, empty: it did not.

    What was not sent is told the next time, if it is still so. Without NOTIFY_EMAILS the warnings
    in the log are all there is.
    """
    changed = Watch.objects.exclude(told_state=F("state"))
    # What is new and fresh is no news.
    untold = list(changed.exclude(told_state="", state="fresh").order_by("subject"))
    if untold and settings.NOTIFY_EMAILS:
        try:
            send_mail(_subject(untold), _text(untold), None, settings.NOTIFY_EMAILS)
        except OSError as exc:  # whatever SMTP says is one, too
            return f"{type(exc).__name__}: {exc}. Is EMAIL_URL right?"
    for one in untold:
        # Another look may have seen something new meanwhile: that is told the next time.
        Watch.objects.filter(pk=one.pk).update(told_state=one.state)
    return ""


def _subject(changed: Sequence[Watch]) -> str:
    if len(changed) == 1:
        return f"Daybook: {_line(changed[0].name)[:120]}: {changed[0].state}"
    return f"Daybook: {len(changed)} changes in how late data is"


def _text(changed: Sequence[Watch]) -> str:
    lines = [f"{_line(one.name)}: {one.state}{_before(one)}. {one.says}" for one in changed[:MOST]]
    return "\n".join([*map(str.strip, lines), *_more(len(changed) - MOST)]) + "\n"


def _before(one: Watch) -> str:
    return f" (was {one.told_state})" if one.told_state else ""


def _more(number: int) -> Iterable[str]:
    if number > 0:
        yield f"And {number} more: see the run of staleness_monitor."


def _line(name: str) -> str:
    """Return a name in one line, for a header."""
    return " ".join(name.split())
