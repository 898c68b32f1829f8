"""An account at Upbit from its keys to its snapshots, with a coin that nobody has a price of."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import time_machine
from django.test import TestCase, override_settings

from prices.models import LastPrice
from snapshots.capture.taking import capture
from snapshots.demo.upbit import UpbitAccountServer
from snapshots.models import Credential
from snapshots.slots import slot_of
from tests.factories import make_user
from tests.prices.factories import make_instrument
from tests.snapshots.factories import make_account

NOW = datetime(2026, 3, 2, 13, 30, tzinfo=UTC)
QUARTER = timedelta(minutes=15)


class UpbitAccountTests(TestCase):
    def setUp(self):
        self.server = self.enterContext(UpbitAccountServer())
        self.enterContext(override_settings(UPBIT_URL=self.server.url))
        rate = {"rate": "0.0007", "at": "2026-03-02", "source": "ECB"}
        self.account = make_account(source="upbit", currency="KRW", settings={"usd_rate": rate})
        keys = {"access_key": self.server.access_key, "secret_key": self.server.secret_key}
        Credential(account=self.account).put(keys, key=self.server.access_key, now=NOW)
        LastPrice.objects.create(
            instrument=make_instrument(venue="upbit", venue_id="KRW-BTC"),
            price=140_000_000, traded_at=NOW, volume=1, quote_volume=1, fetched_at=NOW,
        )  # fmt: skip

    def take(self, quarter):
        now = NOW + quarter * QUARTER
        slot = slot_of(now, is_eod=False, zone=self.account.zone)
        with time_machine.travel(now):
            return capture(self.account, slot, min_usd=Decimal(1), run_id=None, now=now).snapshot

    def test_a_coin_that_nobody_prices_is_settled_once(self):
        first = self.take(0)
        self.assertEqual(first.status, "suspect")
        self.assertIn("Without a price: ETH", first.why)

        first.accept(by=make_user("admin"), reason="Delisted.", now=NOW)

        self.assertEqual(self.take(1).status, "accepted")
