"""A user who has something of each kind."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal

from django.contrib.auth.models import User

from snapshots.models import Credential, EnteredPosition, Flow, Portfolio, Upload
from tests.factories import make_user
from tests.snapshots.scripted import USUAL, make_scripted, statement, take

NOW = datetime(2026, 3, 2, 15, 30, tzinfo=UTC)
SECRET = "PLANTED-secret-0123456789"
DIGITS = "-0.000000000000000001"


def make_owner(name: str) -> User:
    owner = make_user(name)
    account, script = make_scripted(f"={name}", owner=owner)
    account.settings |= {"api_key": SECRET, "nested": {"Token": SECRET}}
    account.save()
    Portfolio.objects.create(owner=owner, reporting_currency="USD")
    Credential(account=account).put({"secret": SECRET}, key=SECRET, now=NOW)
    take(account, script, statement())
    half = statement({**USUAL, "Kraken": {"BTC": ("1", "50000")}})
    taken = take(account, script, half, quarter=1).snapshot
    taken.edit(total_value=Decimal(9), by=owner, reason="It is so.", now=NOW)
    EnteredPosition.objects.create(account=account, ticker="+X", amount=Decimal(DIGITS), value=1)
    Flow.objects.record(account=account, at=NOW, amount=Decimal("-5.10"), note="@SUM(A1)")
    Upload.objects.create(
        account=account, name="a.csv", size=7, data=b"PLANTED", received_at=NOW, seen_at=NOW
    )
    return owner
