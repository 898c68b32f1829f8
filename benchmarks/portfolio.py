"""A year of snapshots of ten accounts, each quarter of an hour, day and night: 350,000 at 96 a day.

With them the ends of its days, and the positions of those and of now: sixty in each. gunicorn
serves from one process, as in `history`, and keeps no answer: each is put together anew.
"""

from __future__ import annotations

import os
import random
from datetime import UTC, datetime, timedelta
from decimal import Decimal

from django.contrib.auth import get_user_model
from django.contrib.auth.models import AbstractBaseUser

from benchmarks.past import settle
from benchmarks.web import seconds_to_open
from project.static_files import collect_changed
from snapshots.models import Account, Snapshot, SnapshotPosition
from snapshots.slots import end_of_day

ACCOUNTS, POSITIONS = 10, 60
QUARTER = timedelta(minutes=15)
DAY = timedelta(days=1)
BATCH = 5000
SERVER = ("project.wsgi", "--config", "python:project.gunicorn")
OWNER = "owner"


def portfolio(snapshots: int) -> dict[str, float]:
    """Open the page, and ask for today's P&L and what is behind the charts."""
    owner = get_user_model().objects.create_user(OWNER)
    now = datetime.now(UTC).replace(second=0, microsecond=0)
    now -= timedelta(minutes=now.minute % 15)
    for number in range(ACCOUNTS):
        add_account(owner, number, max(200, snapshots // ACCOUNTS), now)
    settle()
    collect_changed()
    os.environ["PORTFOLIO_CACHE_SECONDS"] = "0"  # of the server
    return seconds_to_open(pages(owner.pk), SERVER)


def pages(owner: int) -> dict[str, str]:
    of = f"user_id={owner}"
    return {
        "admin, portfolio page": f"/admin/snapshots/portfolio/?{of}",
        "REST, P&L of today": f"/api/pnl?period=today&{of}",
        "REST, P&L of all periods": f"/api/pnl?{of}",
        "REST, curve of a month": f"/api/portfolio/curve?range=1M&{of}",
        "REST, curve of a week": f"/api/portfolio/curve?range=1W&{of}",
        "REST, curve of a year": f"/api/portfolio/curve?range=1Y&{of}",
        "REST, days": f"/api/portfolio/days?{of}",
        "REST, allocation": f"/api/portfolio/allocation?{of}",
        "REST, explanation": f"/api/portfolio/explain?{of}",
        "REST, balances": f"/balances/current?{of}",
        "REST, metrics": f"/portfolio/metrics?{of}",
        "REST, metrics of the month": f"/portfolio/metrics?period=mtd&{of}",
        "REST, metrics of the year": f"/portfolio/metrics?period=ytd&{of}",
        "REST, risk dashboard": f"/api/risk/dashboard?{of}",
        "REST, snapshots": f"/api/snapshots?{of}",
    }


def add_account(owner: AbstractBaseUser, number: int, count: int, now: datetime) -> None:
    dice = random.Random(number)  # noqa: S311
    account, _ = Account.objects.ensure(
        owner=owner, source="cointracking", name=f"Account {number}", settings={"path": "a.csv"},
        flows_known_since=now - 800 * DAY,
    )  # fmt: skip
    value = Decimal(100_000)
    quarters = []
    for step in range(count):
        value += Decimal(dice.randrange(-(10**5), 10**5 + 500)) / 1000
        quarters.append(snapshot(account, "intraday", now - (count - 1 - step) * QUARTER, value))
    Snapshot.objects.bulk_create(quarters, batch_size=BATCH)
    ends = [
        snapshot(account, "eod", end_of_day(day.date(), account.zone), quarters[at].total_usd)
        for at in range(0, count, 96)
        if (day := quarters[at].slot_at) and end_of_day(day.date(), account.zone) < now
    ]
    Snapshot.objects.bulk_create(ends, batch_size=BATCH)
    add_positions([*ends, quarters[-1]], dice)


def snapshot(account: Account, kind: str, at: datetime, value: Decimal) -> Snapshot:
    return Snapshot(
        account=account, kind=kind, slot_at=at, as_of=at, is_complete=True, currency="USD",
        business_date=at.astimezone(account.zone).date(), total_value=value, total_usd=value,
        total_reporting=value, position_count=POSITIONS,
    )  # fmt: skip


def add_positions(snapshots: list[Snapshot], dice: random.Random) -> None:
    rows = []
    for one in snapshots:
        each = one.total_usd / POSITIONS
        for number in range(POSITIONS):
            amount = Decimal(1000 + dice.randrange(5)) / (number + 1)
            rows.append(
                SnapshotPosition(
                    snapshot=one,
                    ticker=f"COIN{number}",
                    kind="coin",
                    amount=amount,
                    price=each / amount,
                    value=each,
                    value_usd=each,
                )
            )
    SnapshotPosition.objects.bulk_create(rows, batch_size=BATCH)
