from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from urllib.parse import parse_qsl

import pytest

from prices.demo.server import Reply
from snapshots.demo.cointracking import (
    CoinTrackingServer,
    as_json,
    block_page,
    blocked,
    failure,
)
from snapshots.sources.base import (
    CredentialMissing,
    CredentialRefused,
    InvalidSettings,
    InvalidStatement,
    SourceUnavailable,
)
from snapshots.sources.cointracking_api import CoinTrackingApi
from tests.snapshots.sources.contract import ServerContract, fetched
from tests.snapshots.sources.surroundings import (
    NOW,
    MemoryLogin,
    MemoryQueue,
    make_surroundings,
)

HOUR = timedelta(hours=1)
TOTAL = Decimal("49896.54")  # of what the server holds


class CoinTrackingCase:
    @pytest.fixture
    def server(self) -> Iterator[CoinTrackingServer]:
        with CoinTrackingServer(per_hour=100) as server:
            yield server

    @pytest.fixture
    def login(self, server) -> MemoryLogin:
        return MemoryLogin(key=server.key, secret=server.secret)

    @pytest.fixture
    def queue(self) -> MemoryQueue:
        return MemoryQueue()

    @pytest.fixture
    def opens(self, server, login, queue):
        def open_one(url=server.url, **settings):
            around = make_surroundings(url=url, login=login, queue=queue)
            return CoinTrackingApi.configured(settings, around)

        return open_one


class TestContract(CoinTrackingCase, ServerContract):
    @pytest.fixture
    def working(self, opens):
        return lambda: opens(by_exchange=True)

    @pytest.fixture
    def halves(self, opens, server):
        def lacking_a_coin():
            server.missing = {"BTC"}
            return opens()

        def lacking_all_coins():
            server.missing = {row[1] for row in server.held}
            return opens()

        def failing_the_second_call():
            server.missing = set()
            source = opens(by_exchange=True)
            balance = server._balance({}) | {"success": 1}
            server.reply_instead(as_json(balance), failure("getGroupedBalance", "X", "ERROR: X"))
            return source

        def saying_no():
            server.reply_instead(failure("getBalance", "SERVER", "ERROR: Try again"))
            return opens()

        return [lacking_a_coin, lacking_all_coins, failing_the_second_call, saying_no]


class TestCoinTrackingApi(CoinTrackingCase):
    def test_a_balance_has_its_coins_its_total_and_its_currency(self, opens, server):
        server.currency = "CHF"

        statement = opens().fetch()

        assert (statement.currency, statement.total, statement.as_of) == ("CHF", TOTAL, NOW)
        held = {position.ticker: position for position in statement.positions}
        assert (held["BTC"].amount, held["BTC"].value) == (Decimal("0.5"), Decimal("47500.00"))
        assert held["SOL2"].kind == "coin"
        assert held["PEPE4"].amount == Decimal("-0.00000001")
        assert [position.ticker for position in statement.cash] == ["EUR"]

    def test_by_exchange_each_coin_has_its_place(self, opens):
        statement = opens(by_exchange=True).fetch()

        places = {(one.location, one.ticker): one.amount for one in statement.positions}
        assert places["LEDGER", "BTC"] == Decimal("0.3")
        assert not any("TOTAL" in ticker for _, ticker in places)
        assert [part.name for part in statement.parts] == ["getBalance", "getGroupedBalance"]

    def test_what_is_signed_is_what_is_sent(self, opens, server):
        opens().fetch()

        (request,) = server.requests
        assert server.forged == 0
        assert [name for name, _ in parse_qsl(request.body.decode())] == ["method", "nonce"]

    def test_positions_that_do_not_add_up_are_named(self, opens, server):
        server.missing = {"BTC"}

        statement = opens().fetch()

        assert not statement.is_complete
        assert "add up to 2396.54 USD, but the total is 49896.54" in statement.parts[0].error

    def test_gains_tell_what_coins_cost(self, opens):
        gains = {gain.ticker: gain for gain in opens().gains()}

        assert (gains["BTC"].cost, gains["BTC"].value) == (Decimal(23750), Decimal(47500))

    def test_by_setting_positions_have_their_share_of_the_cost(self, opens):
        for by_exchange in (False, True):
            positions = opens(gains=True, by_exchange=by_exchange).fetch().positions
            bitcoin = [one for one in positions if one.ticker == "BTC"]

            assert sum(one.cost for one in bitcoin) == Decimal(23750)
            assert all(one.cost * 2 == one.value for one in bitcoin)

    def test_without_an_answer_costs_are_not_known_and_all_else_is(self, opens, server, caplog):
        server.per_hour = 1

        statement = opens(gains=True).fetch()

        assert statement.is_complete
        assert {one.cost for one in statement.positions} == {None}
        assert "What the coins cost is not known" in caplog.text

    def test_history_leaves_out_the_value_of_now(self, opens, server):
        since = datetime(2026, 2, 1, tzinfo=UTC)

        values = opens().history(since, since + timedelta(days=3))

        assert [value.at.day for value in values] == [1, 2, 3]
        assert [value.total for value in values] == [server.worth_at(one.at) for one in values]

    @pytest.mark.parametrize("reply", [blocked(), block_page(), Reply(status=403, body=b"no")])
    def test_a_block_closes_the_door_for_an_hour(self, opens, server, queue, reply):
        server.reply_instead(reply)

        with pytest.raises(SourceUnavailable, match="Nobody calls it before"):
            opens().fetch()

        assert queue.bans == [NOW + HOUR]
        assert len(server.requests) == 1

    def test_a_key_that_cannot_be_sent_is_not_quoted(self, opens, login):
        for key in ("PLANTED\n0123456789", "PLÄNTED-0123456789"):
            login.values["key"] = key

            with pytest.raises(CredentialMissing, match="a special character: API key"):
                opens().fetch()

    def test_a_page_about_maintenance_is_no_block(self, opens, server, queue):
        server.reply_instead(Reply(body=b"<html><style>p{display:block}</style>Back soon</html>"))

        with pytest.raises(InvalidStatement, match="no JSON"):
            opens().fetch()

        assert queue.bans == []

    def test_a_key_that_is_refused_is_not_tried_again(self, opens, server, login):
        server.key = "another"
        for _ in range(2):
            with pytest.raises(CredentialRefused, match="Wrong API key"):
                opens().fetch()

        assert len(server.requests) == 1

    @pytest.mark.parametrize(
        "balance",
        [
            {},
            {"account_currency": "USD", "details": "none", "summary": {"value_fiat": "1"}},
            {"account_currency": "USD", "details": {"BTC": {"amount": "x"}}, "summary": {}},
            {"account_currency": "USD", "details": [], "summary": {"value_fiat": "NaN"}},
        ],
        ids=str,
    )
    def test_an_answer_that_cannot_be_meant_is_refused(self, opens, server, balance):
        server.reply_instead(as_json({"success": 1} | balance))

        with pytest.raises(InvalidStatement, match="getBalance"):
            opens().fetch()

    def test_an_empty_account_has_no_positions(self, opens, server):
        server.held = []

        statement = fetched(opens())

        assert statement is not None
        assert (statement.positions, statement.total) == ((), 0)

    @pytest.mark.parametrize("given", [{"calls_per_hour": 30}, {"by_exchange": "yes"}], ids=str)
    def test_settings_that_mean_nothing_are_refused(self, opens, given):
        with pytest.raises(InvalidSettings, match="Use "):
            opens(**given)

    def test_the_setting_says_how_many_calls_there_are(self, opens, queue):
        opens(calls_per_hour=60).fetch()

        assert queue.turns == [60]
