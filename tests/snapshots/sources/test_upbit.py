from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from decimal import Decimal

import orjson
import pytest

from prices.demo.server import Reply
from snapshots.demo.upbit import UpbitAccountServer, refusal
from snapshots.sources.base import (
    CredentialRefused,
    InvalidSettings,
    InvalidStatement,
    SourceUnavailable,
)
from snapshots.sources.surroundings import KnownPrice
from snapshots.sources.upbit import Upbit
from tests.snapshots.sources.contract import ServerContract
from tests.snapshots.sources.surroundings import NOW, MemoryLogin, make_surroundings

PRICES = {"KRW-BTC": Decimal(140_000_000), "KRW-ETH": Decimal(5_000_000)}
BAD = [{"currency": "KRW", "balance": "x", "locked": "0"}]
TWICE = [{"currency": "KRW", "balance": "1", "locked": "0"}] * 2


class UpbitCase:
    @pytest.fixture
    def server(self) -> Iterator[UpbitAccountServer]:
        with UpbitAccountServer() as server:
            yield server

    @pytest.fixture
    def prices(self):
        return dict(PRICES)

    @pytest.fixture
    def opens(self, server, prices):
        login = MemoryLogin(access_key=server.access_key, secret_key=server.secret_key)

        def find(venue, venue_id, max_age):
            price = prices.get(venue_id) if (venue, max_age) == ("upbit", timedelta(hours=1)) else 0
            return KnownPrice(price=price, at=NOW) if price else None

        def open_one(url=server.url, **given):
            around = make_surroundings(url=url, login=login, find_price=find)
            return Upbit.configured(given, around)

        return open_one


class TestContract(UpbitCase, ServerContract):
    @pytest.fixture
    def halves(self, opens, server):
        def cut_short():
            server.reply_instead(Reply(body=server.listed()[:-20]))
            return opens()

        return [cut_short]


class TestUpbit(UpbitCase):
    def test_coins_are_valued_in_won_with_what_is_locked(self, opens):
        statement = opens().fetch()

        won, bitcoin, _ = statement.positions
        assert (statement.currency, statement.as_of) == ("KRW", NOW)
        assert (won.kind, won.value) == ("currency", 1_000_000)
        assert (bitcoin.amount, bitcoin.value) == (Decimal("0.15"), 21_000_000)
        assert bitcoin.priced_at == NOW

    def test_a_coin_without_a_price_is_named_and_never_0(self, opens, prices):
        del prices["KRW-ETH"]

        statement = opens().fetch()

        assert (statement.positions[2].ticker, statement.positions[2].value) == ("ETH", None)
        assert (statement.is_complete, statement.positions[1].value) == (True, 21_000_000)

    def test_keys_that_are_refused_are_not_tried_again(self, opens, server):
        server.secret_key = "another"
        for _ in range(2):
            with pytest.raises(CredentialRefused, match="jwt_verification"):
                opens().fetch()

        assert len(server.requests) == 1

    def test_a_page_that_keeps_us_out_says_nothing_about_the_keys(self, opens, server):
        server.reply_instead(Reply(status=403, body=b"<html>Access denied</html>"))

        with pytest.raises(SourceUnavailable, match="Access denied"):
            opens().fetch()

        assert opens().fetch().is_complete

    def test_a_key_that_is_quoted_at_the_end_of_a_message_is_not_seen_in_part(self, opens, server):
        server.reply_instead(refusal(401, "x" * 183 + server.access_key))

        with pytest.raises(CredentialRefused) as failure:
            opens().fetch()

        assert server.access_key[:8] not in str(failure.value)

    def test_each_request_has_a_nonce_of_its_own_also_when_tried_again(self, opens, server):
        server.reply_instead(refusal(500, "internal"))

        assert opens().fetch().is_complete

        tokens = {request.headers["authorization"] for request in server.requests}
        assert len(tokens) == 2

    @pytest.mark.parametrize("rows", [BAD, TWICE, [{"balance": "1"}], {}], ids=str)
    def test_an_answer_that_cannot_be_meant_is_refused(self, opens, server, rows):
        server.reply_instead(Reply(body=orjson.dumps(rows)))

        with pytest.raises(InvalidStatement, match="upbit /v1/accounts"):
            opens().fetch()

    def test_an_age_that_means_nothing_is_refused(self, opens):
        with pytest.raises(InvalidSettings, match="from 1 to 10080"):
            opens(max_price_age_minutes=0)
