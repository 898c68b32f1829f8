from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from prices.demo.server import Reply, Request
from prices.venues.caller import Address
from snapshots.demo.saxo import SaxoServer, as_json, too_many_requests
from snapshots.sources.base import (
    CredentialMissing,
    CredentialRefused,
    InvalidStatement,
    SourceError,
    SourceUnavailable,
)
from snapshots.sources.saxo_api import SaxoApi
from snapshots.sources.surroundings import Session
from tests.prices.venues.surroundings import Clock, MemoryGate
from tests.snapshots.sources.contract import ServerContract
from tests.snapshots.sources.surroundings import NOW, MemoryLogin, make_surroundings
from vault.secret import Secret

MINUTE = timedelta(minutes=1)
VERIFIER = "a-verifier-that-only-we-know"
TOTAL = Decimal("5675.02")


def session_of(tokens, now=NOW) -> Session:
    return Session(
        access_token=Secret(tokens["access_token"]),
        access_until=now + timedelta(seconds=tokens["expires_in"]),
        refresh_token=Secret(tokens["refresh_token"]),
        refresh_until=now + timedelta(seconds=tokens["refresh_token_expires_in"]),
        verifier=Secret(VERIFIER),
    )


class SaxoCase:
    @pytest.fixture
    def clock(self) -> Clock:
        clock = Clock()
        clock.time = NOW
        return clock

    @pytest.fixture
    def server(self, clock) -> Iterator[SaxoServer]:
        with SaxoServer(now=clock.now) as server:
            yield server

    @pytest.fixture
    def login(self, server) -> MemoryLogin:
        return MemoryLogin(session_of(server.log_in(VERIFIER)), app_key=server.app_key)

    @pytest.fixture
    def opens(self, server, login, clock):
        def open_one(url=server.url):
            places = {"SAXO": f"{url}/openapi", "SAXO_LOGIN": url}

            def address_of(name):
                return Address(url=places[name], connect_timeout=2.0, read_timeout=2.0)

            around = make_surroundings(
                login=login,
                chance=clock.chance,
                address_of=address_of,
                open_gate=lambda venue, key, paces: MemoryGate(clock),
            )
            return SaxoApi.configured({}, around)

        return open_one


class TestContract(SaxoCase, ServerContract):
    @pytest.fixture
    def halves(self, opens, server):
        def lacking_a_page():
            server.missing = 1
            return opens()

        def failing_at_positions():
            server.missing = 0
            source = opens()
            answer = server.reply(balance_request(source))
            server.reply_instead(answer, *[Reply(status=503)] * 5)
            return source

        def lacking_a_position():
            server.page = 2
            server._positions = lambda request: {"Data": []}
            return opens()

        return [lacking_a_page, failing_at_positions, lacking_a_position]


def balance_request(source):
    token = source._around.login.session().access_token.reveal()
    headers = {"authorization": f"Bearer {token}"}
    path = "/openapi/port/v1/balances/me"
    return Request(path=path, params={}, headers=headers, body=b"", at=0)


class TestSaxoApi(SaxoCase):
    def test_cash_and_positions_add_up_to_the_total(self, opens):
        statement = opens().fetch()

        assert (statement.currency, statement.total, statement.as_of) == ("EUR", TOTAL, NOW)
        assert sum(position.value for position in statement.positions) == TOTAL
        assert [cash.amount for cash in statement.cash] == [Decimal("1000.25")]
        apple = statement.positions[2]
        assert (apple.ticker, apple.amount, apple.native_price) == (
            "AAPL:xnas",
            10,
            Decimal("230.5"),
        )
        assert apple.priced_at == NOW - 15 * MINUTE

    def test_pages_are_followed_and_the_token_stays_with_saxo(self, opens, server):
        assert len(opens().fetch().positions) == 5

        assert [request.params.get("$skip") for request in server.requests] == [None, None, "2"]

    @pytest.mark.parametrize("word", ["PricePending", "CurrencyConversionFailed", "SystemError"])
    def test_a_number_that_saxo_does_not_stand_by_is_doubtful(self, opens, server, word):
        server.reliability = word
        server.doubted = {"NESN:xvtx": "UnknownPrice"}

        statement = opens().fetch()

        assert (statement.reliability, statement.is_complete) == ("doubtful", False)
        assert statement.doubt == f"balance: {word}; NESN:xvtx: UnknownPrice"

    def test_ok_with_conditions_is_ok(self, opens, server):
        server.reliability = "OkWithConditions"

        assert opens().fetch().is_complete

    def test_a_token_that_ended_early_is_renewed_once(self, opens, server, login):
        server.end_access()

        assert opens().fetch().is_complete

        assert server.refreshed == 1
        assert login.kept.access_until > NOW + 19 * MINUTE

    def test_a_token_that_is_over_is_not_tried(self, opens, server, clock):
        clock.time += 21 * MINUTE

        assert opens().fetch().is_complete

        assert server.requests[0].path == "/token"

    def test_a_login_that_is_over_says_to_log_in_again(self, opens, server, login, clock):
        clock.time += 60 * MINUTE
        for _ in range(2):
            with pytest.raises(CredentialRefused, match="log in again"):
                opens().fetch()

        assert not server.requests

    def test_a_refresh_token_that_somebody_used_ends_the_login(self, opens, server, login):
        server._refresh.clear()
        server.end_access()

        with pytest.raises(CredentialRefused, match="invalid_grant"):
            opens().fetch()

        assert "log in again" in login.refusal

    def test_without_a_login_it_says_so(self, opens, login):
        login.kept = None

        with pytest.raises(CredentialMissing, match="Log in"):
            opens().fetch()

    def test_too_many_calls_wait_as_long_as_saxo_says(self, opens, server, clock):
        server.reply_instead(too_many_requests(7))

        assert opens().fetch().is_complete

        assert clock.time >= NOW + timedelta(seconds=7)

    def test_calls_that_are_spent_for_the_day_are_not_tried_before_it_is_over(self, opens, server):
        server.reply_instead(too_many_requests(40_000))

        with pytest.raises(SourceUnavailable, match="Nobody calls it before 2026-03-03 00:36:40Z"):
            opens().fetch()

        assert len(server.requests) == 1

    def test_a_right_that_the_app_lacks_leaves_the_login_as_it_is(self, opens, server, login):
        server.reply_instead(Reply(status=403))

        with pytest.raises(InvalidStatement, match="403: the app has no right to it"):
            opens().fetch()

        assert (login.refusal, opens().fetch().is_complete) == ("", True)

    @pytest.mark.parametrize(
        "answer",
        [
            b'{"access_token":"PLANTED',
            b'{"expires_in":"PLANTED"}',
            b'{"error":"PLANTED"}',
            b"PLANT",
        ],
    )
    @pytest.mark.parametrize("status", [200, 400])
    def test_an_answer_that_has_tokens_is_never_quoted(self, opens, server, answer, status):
        server.reply_instead(Reply(status=401), Reply(status=status, body=answer))

        with pytest.raises(SourceError) as failure:
            opens().fetch()

        assert "PLANT" not in f"{failure.value!r} {failure.value.__cause__!r}"

    def test_a_token_that_lives_for_ever_is_none(self, opens, server, login):
        tokens = server.log_in(VERIFIER) | {"expires_in": 10**15}
        server.reply_instead(Reply(status=401), as_json(tokens))

        with pytest.raises(InvalidStatement, match="'expires_in' is no time"):
            opens().fetch()

    def test_a_credential_of_another_source_says_what_it_lacks(self, opens, login):
        login.values = {"key": "0123456789"}

        with pytest.raises(CredentialMissing, match=r"lacks: App key"):
            opens().fetch()

    def test_history_has_the_flows_of_each_day(self, opens):
        since = datetime(2026, 2, 1, tzinfo=UTC)

        days = opens().history(since, since + timedelta(days=3))

        assert [day.total for day in days] == [
            Decimal("5000.5"),
            Decimal("6001.5"),
            Decimal("6002.5"),
        ]
        assert [day.flow for day in days] == [0, 1000, 0]
        assert days[0].at == datetime(2026, 2, 1, 23, tzinfo=UTC)  # midnight in Zurich

    def test_pages_without_an_end_are_given_up(self, opens, server):
        server._positions = lambda request: {"Data": [], "__next": "/x?$skip=2"}

        with pytest.raises(InvalidStatement, match="does not come to an end"):
            opens().fetch()
