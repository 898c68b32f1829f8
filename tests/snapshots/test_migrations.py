"""What an installation of the first release has in its database outlives the update."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest
from django.apps import apps
from django.db import connection
from django.db.migrations.executor import MigrationExecutor

from snapshots.models import Snapshot
from tests.factories import make_user

pytestmark = pytest.mark.django_db(transaction=True)
OLD = ("snapshots", "0002_flow")  # before snapshots had a status to speak of
AT = datetime(2026, 3, 2, 13, 30, tzinfo=UTC)
EXACT = Decimal("1508213014.605140450000000001")
IN_EURO = {"currency": "EUR", "fx_rate": Decimal("1.08"), "fx_at": AT, "fx_source": "ECB"}


def migrate(target: tuple[str, str]) -> Any:
    """Migrate to `target`, and return the models of then."""
    executor = MigrationExecutor(connection)
    return executor.migrate([target]).apps


@pytest.fixture
def old() -> Iterator[Any]:
    newest = MigrationExecutor(connection).loader.graph.leaf_nodes("snapshots")[0]
    yield migrate(OLD)
    migrate(newest)


def add_snapshot(old: Any, account: Any, kind: str, **values: Any) -> None:
    snapshot = old.get_model("snapshots", "Snapshot").objects.create(
        account=account, kind=kind, slot_at=AT, business_date=date(2026, 3, 2), as_of=AT,
        is_complete=True, position_count=1, dust_count=2, dust_value_usd=1, min_usd=1,
        total_value=EXACT, **({"currency": "USD", "total_usd": EXACT} | values),
    )  # fmt: skip
    snapshot.positions.create(
        ticker="SHIB", kind="coin", amount=EXACT, price=1, value=EXACT, value_usd=EXACT
    )


def test_no_snapshot_is_lost_and_all_count_in_dollars(old):
    account = old.get_model("snapshots", "Account").objects.create(
        owner_id=make_user("jack").pk, name="Main", source="cointracking"
    )
    add_snapshot(old, account, "intraday")
    add_snapshot(old, account, "eod", total_usd=EXACT * 2, **IN_EURO)

    newest = MigrationExecutor(connection).loader.graph.leaf_nodes("snapshots")[0]
    migrate(newest)

    usd, euro = Snapshot.objects.counted().order_by("pk")
    assert (usd.total_reporting, usd.reporting_rate) == (EXACT, None)
    assert (euro.total_reporting, euro.reporting_rate) == (EXACT * 2, Decimal("1.08"))
    assert [one.positions.get().amount for one in (usd, euro)] == [EXACT, EXACT]
    for one in (usd, euro):
        one.validate_constraints()
    assert apps.get_model("snapshots", "Account").objects.get().wants_eod
