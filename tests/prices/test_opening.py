from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from datetime import timedelta

import pytest
from django.conf import settings
from django.test import override_settings

from prices.checks import check_exchanges
from prices.demo.binance import BinanceServer
from prices.models import Budget
from prices.opening import UnknownVenue, missing_settings, open_venue, venue_names
from prices.venues.base import EPOCH, CandleQuery


@pytest.fixture
def server() -> Iterator[BinanceServer]:
    with BinanceServer() as server:
        yield server


@pytest.mark.django_db(transaction=True)
def test_an_exchange_is_opened_by_its_name_behind_the_shared_gate(server: BinanceServer) -> None:
    keys = {"binance": {"url": server.url, "apiKey": "made-up"}}
    query = CandleQuery(
        venue_id="BTCUSDT",
        interval="1h",
        since=server.now() - timedelta(hours=5),
        until=server.now(),
    )

    with override_settings(CCXT_SETTINGS=keys), closing(open_venue("binance")) as venue:
        (page,) = venue.candles(query)

    assert len(page.candles) == 5
    budget = Budget.objects.get(venue="binance")
    assert (budget.group, budget.taken) == ("calls", 2)
    assert budget.next_at > EPOCH


@pytest.mark.parametrize(
    ("name", "said"),
    [("binanse", "Did you mean binance"), ("upbti", "upbit"), ("bitmxe", "bitmex"), ("", "upbit")],
)
def test_an_unknown_name_brings_the_nearest_ones(name: str, said: str) -> None:
    with pytest.raises(UnknownVenue, match=said):
        open_venue(name)


@override_settings(CCXT_EXCHANGES=["kraken", "upbit"])
def test_the_venues_are_those_built_in_and_those_of_the_settings() -> None:
    assert venue_names() == ("kis", "upbit", "kraken")


@pytest.mark.parametrize("key", ["", "key"])
@pytest.mark.parametrize("name", ["kis", "upbit"])
def test_each_built_in_venue_is_opened_by_its_name(name: str, key: str) -> None:
    with (
        override_settings(KIS_APP_KEY=key, KIS_APP_SECRET=key),
        closing(open_venue(name)) as venue,
    ):
        assert venue.name == name


def test_settings_that_are_missing_are_named() -> None:
    assert missing_settings("upbit") == ()
    with override_settings(KIS_APP_KEY="key"):
        assert missing_settings("kis") == ("KIS_APP_SECRET",)


def test_a_wrong_setting_is_found_at_the_start() -> None:
    wrong = {"CCXT_EXCHANGES": ["krakn", "upbit"], "CCXT_SETTINGS": {"binanse": {"secret": "x"}}}
    with override_settings(**wrong):
        found = check_exchanges(None)

    assert [message.id for message in found] == ["prices.E001"] * 2
    assert "kraken" in found[0].msg
    assert "CCXT_BINANSE_" in str(found[1].hint)
    assert check_exchanges(None) == []


def test_ccxt_is_not_loaded_before_it_is_needed() -> None:
    code = (
        "import django, sys, json; django.setup(); import prices.opening;"
        "prices.opening.refuse_unknown('kraken');"
        "print(json.dumps([name for name in ('ccxt', 'pandas', 'pyarrow') if name in sys.modules]))"
    )
    environment = os.environ | {"DJANGO_SETTINGS_MODULE": "project.settings"}

    done = subprocess.run(
        [sys.executable, "-c", code],
        env=environment,
        cwd=settings.BASE_DIR,
        capture_output=True,
        text=True,
    )

    assert json.loads(done.stdout or done.stderr) == []
