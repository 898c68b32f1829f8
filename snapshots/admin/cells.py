"""How a snapshot looks in lists and on pages: its slot, its status, what changed."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Any

from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString

from scheduling.pages.cells import label
from scheduling.pages.times import Moment
from snapshots.figures import plain, readable
from snapshots.models import Account, Snapshot
from snapshots.selectors.comparison import Compared, Moved, compare

NOTHING = "—"
MOST = 20  # positions that are listed
STATES = {
    "accepted": ("Accepted", "good"),
    "carried": ("Carried", "warn"),
    "backfilled": ("Backfilled", "busy"),
    "manual": ("Edited by hand", "wait"),
    "suspect": ("Suspect", "bad"),
    "failed": ("Failed", "bad"),
    "missed": ("Missed", "quiet"),
}


def state_label(snapshot: Snapshot) -> SafeString:
    text, tone = STATES[snapshot.status]
    return label(text, tone, snapshot.get_status_display())


def clock(account: Account, instant: datetime) -> str:
    return f"{instant.astimezone(account.zone):%Y-%m-%d %H:%M}"


def local(account: Account, instant: datetime | None) -> str:
    """Return an instant on the clock of the account, whose zone it names."""
    if instant is None:
        return NOTHING
    return f"{clock(account, instant)} {account.timezone}"


def run_link(run_id: int | None) -> str:
    """Return the way to a run, which may be pruned since."""
    if run_id is None:
        return NOTHING
    url = reverse("admin:scheduling_run_change", args=[run_id])
    return format_html('<a class="db-link" href="{}">{}</a>', url, run_id)


def signed_change(change: Decimal, ratio: Decimal | None, currency: str = "") -> str:
    """Return "+12.00 USD (+0.50 %)"."""
    percent = "" if ratio is None else f" ({100 * ratio:+,.2f} %)"
    return f"{readable(change, '+')} {currency}".strip() + percent


def changes_table(snapshot: Snapshot, now: datetime) -> SafeString:
    """Return what changed since the last snapshot that counts, ticker by ticker."""
    compared = compare(snapshot)
    context: dict[str, Any] = {"compared": compared}
    if compared:
        context |= _told(compared, snapshot, now)
    return render_to_string("admin/snapshots/changes.html", context)


def _told(compared: Compared, snapshot: Snapshot, now: datetime) -> dict[str, Any]:
    change, before = compared.change, compared.before
    moment = Moment.of(before.slot_at, snapshot.account.timezone, now)
    return {
        "amount": "" if change is None else signed_change(change, compared.ratio, before.currency),
        "since": f"{moment.text} ({STATES[before.status][0].lower()})",
        "moved": [_row(one) for one in compared.moved[:MOST]],
        "more": len(compared.moved) - MOST if len(compared.moved) > MOST else 0,
    }


def _row(moved: Moved) -> dict[str, str]:
    return {
        "ticker": moved.ticker,
        "location": moved.location,
        "word": moved.word,
        "units_before": plain(moved.units_before),
        "units_after": plain(moved.units_after),
        "value_before": readable(moved.value_before),
        "value_after": readable(moved.value_after),
    }
