from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from io import StringIO
from pathlib import Path

import pytest
from django.core.management import call_command
from django.core.management.base import CommandError
from pytest_django import Settings

from project.demo import Venues
from project.management.commands.setup_demo import ADDRESSES
from scheduling.models import Job
from snapshots.capture.taking import capture
from snapshots.models import Account, Flow, Snapshot
from snapshots.models.queue import DatabaseQueue
from snapshots.performance.periods import Period
from snapshots.selectors.pnl import read_pnl
from snapshots.selectors.scope import find_scope
from snapshots.slots import slot_of
from snapshots.sources import saxo_calls


@pytest.fixture
def venues(
    transactional_db: None, tmp_path: Path, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Venues]:
    monkeypatch.setattr(DatabaseQueue, "PACE", timedelta(0))
    monkeypatch.setattr(saxo_calls, "CALLS_PER_SECOND", {"port": 100.0, "hist": 100.0})
    settings.DATA_DIR = tmp_path
    settings.STATIC_ROOT = tmp_path / "static"
    settings.STATICFILES_FINDERS = ["django.contrib.staticfiles.finders.FileSystemFinder"]
    with Venues() as venues:
        for name in ADDRESSES:
            setattr(settings, name, venues.settings[name])
        yield venues


def set_up() -> None:
    call_command("setup_demo", stdout=StringIO())


def take_all() -> dict[str, str]:
    """Take a snapshot of each account, and return how they are by source."""
    now = datetime.now(UTC)
    taken = {}
    for account in Account.objects.all():
        slot = slot_of(now, is_eod=False, zone=account.zone)
        captured = capture(account, slot, min_usd=Decimal(1), run_id=None, now=now)
        taken[account.source] = captured.snapshot.status
    return taken


def test_a_portfolio_is_there_with_its_past_and_again_stays_one(venues: Venues) -> None:
    set_up()
    ends = Snapshot.objects.filter(kind="eod", status="backfilled").count()
    flows = Flow.objects.count()
    taken = take_all()
    set_up()

    assert taken == dict.fromkeys(
        ("cointracking_api", "manual", "saxo", "saxo_api", "upbit"), "accepted"
    )
    today, inception = read_pnl(
        find_scope(Account.objects.all()[0].owner), [Period.TODAY, Period.INCEPTION]
    )
    assert ends >= 2 * 180
    assert flows
    assert (Snapshot.objects.filter(kind="eod").count(), Flow.objects.count()) == (ends, flows)
    assert today.ratio is not None
    assert inception.flow > 0
    assert Job.objects.get(key="saxo_keepalive").state == Job.State.ACTIVE


def test_nothing_is_made_up_where_sources_are_real(transactional_db: None) -> None:
    with pytest.raises(CommandError, match="COINTRACKING_URL is no made-up server"):
        set_up()

    assert not Account.objects.exists()
