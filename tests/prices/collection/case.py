"""Runs that collect from a made-up Upbit over HTTP."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any
from unittest import mock

import time_machine
from django.test import TransactionTestCase, override_settings

from prices.demo.prices import MadeUpCandle
from prices.demo.server import Reply, Request
from prices.demo.upbit import UpbitServer, refusal
from prices.models import Candle, Instrument
from prices.venues import caller
from prices.venues.base import floor_to
from prices.venues.upbit import Upbit
from scheduling.engine.inline import run_here
from scheduling.models import Run
from tests.factories import make_job

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
HALF_AN_HOUR = timedelta(minutes=30)
AT_ONCE = {"market": 1000.0, "candles": 1000.0, "ticker": 1000.0}


class ChangingServer(UpbitServer):
    """Something becomes wrong with it, or it changes its history.

    .broken         markets of which it has no candles
    .multiplied_by  what all prices are multiplied by, those of old as well
    """

    broken: frozenset[str] = frozenset()
    multiplied_by = Decimal(1)

    def reply(self, request: Request) -> Reply:
        if request.params.get("market") in self.broken:
            return refusal(500, "internal_error", "Something went wrong.")
        return super().reply(request)

    def _before(self, *args: Any) -> list[MadeUpCandle]:
        names, factor = ("open", "high", "low", "close"), self.multiplied_by
        return [
            replace(candle, **{name: getattr(candle, name) * factor for name in names})
            for candle in super()._before(*args)
        ]


class CollectionTestCase(TransactionTestCase):
    """Upbit has six markets, and no limit that a test would notice. It is half past an hour.

    Soon after an hour the candle before it may still change, and an hour may end while a test
    runs: so the clock is put back to the middle of the last hour.
    """

    def setUp(self) -> None:
        half_past = floor_to(HOUR, datetime.now(UTC)) - HALF_AN_HOUR
        self.enterContext(time_machine.travel(half_past))
        self.server = self.enterContext(ChangingServer(limit=100_000))
        self.enterContext(override_settings(UPBIT_URL=self.server.url, COLLECTION_THREADS=4))
        self.enterContext(mock.patch.object(Upbit, "calls_per_second", AT_ONCE))
        self.enterContext(mock.patch.object(caller, "BACK_OFF", timedelta(milliseconds=2)))
        self.now = datetime.now(UTC)

    def collect(self, task: str = "collect_price_data", **params: Any) -> Run:
        """Run the task to its end; it collects hours of Upbit unless `params` say otherwise."""
        at = params.pop("at", self.now)
        if task == "collect_price_data":
            params = {"exchange": "upbit", "interval": "1h", "days_back": 2} | params
        job = make_job(task=f"prices.{task}")
        return run_here(job.trigger(params=params, scheduled_at=at))

    def requested(self) -> list[str]:
        """Return whose candles were asked for since this was asked last."""
        codes = [request.params.get("market", "") for request in self.server.requests]
        self.server.requests.clear()
        return sorted(code for code in codes if code)

    def candles_of(self, venue_id: str) -> int:
        return Candle.objects.filter(instrument__venue_id=venue_id).count()

    def make_listed(self) -> None:
        self.collect("collect_symbols", exchange="upbit")
        self.server.requests.clear()

    def instrument(self, venue_id: str = "KRW-BTC") -> Instrument:
        return Instrument.objects.get(venue_id=venue_id)
