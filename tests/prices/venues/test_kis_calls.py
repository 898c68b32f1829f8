from __future__ import annotations

import json
import logging
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime

import pytest

from prices.demo.kis import APP_KEY, APP_SECRET, TOKEN, KisServer, as_json, refusal
from prices.demo.server import Reply, Request
from prices.venues.access_tokens import AskedTooSoon
from prices.venues.base import InvalidAnswer, KeysRefused, Venue
from prices.venues.caller import Caller
from prices.venues.kis_calls import Keys, KisCalls, Login
from tests.prices.venues.contract import DAY, TODAY, OpensVenue, in_order
from tests.prices.venues.kis_case import KEYS, KisCase
from tests.prices.venues.surroundings import Clock, MemoryGate, MemoryTokens, address_of
from vault.secret import Secret

ISSUED = {
    "access_token": "eyJ0-a-token-of-kis",
    "access_token_token_expired": "2026-03-12 13:00:00",
}


class Echo(KisServer):
    """Something in front of KIS that repeats what it gets, as pages for developers do."""

    def reply(self, request: Request) -> Reply:
        return Reply(status=400, body=json.dumps(request.headers).encode() + request.body)


class CallsCase(KisCase):
    def candles(self, venue: Venue) -> int:
        return len(in_order(venue.candles(self.days(TODAY - 2 * DAY, TODAY))))

    def asked_for_token(self, server: KisServer) -> int:
        return sum(request.path == TOKEN for request in server.requests)


class TestTokens(CallsCase):
    @pytest.fixture
    def tokens(self) -> MemoryTokens:
        """None yet."""
        return MemoryTokens()

    def test_is_asked_for_once_and_sent_with_each_call(
        self, venue: Venue, server: KisServer
    ) -> None:
        self.candles(venue)
        self.candles(venue)

        token, *calls = server.requests
        expected = {"grant_type": "client_credentials", "appkey": APP_KEY, "appsecret": APP_SECRET}
        assert (token.path, json.loads(token.body)) == (TOKEN, expected)
        assert {call.headers["authorization"] for call in calls} == {
            f"Bearer {server.tokens.current}"
        }

    def test_one_that_has_expired_in_mid_run_is_replaced_once(
        self, venue: Venue, server: KisServer, tokens: MemoryTokens
    ) -> None:
        self.candles(venue)
        old = server.tokens.current
        server.end_token()

        assert self.candles(venue) == 2

        assert tokens.refused == [old]
        assert self.asked_for_token(server) == 2

    def test_a_new_one_that_is_refused_as_well_is_the_end(
        self, venue: Venue, server: KisServer, tokens: MemoryTokens
    ) -> None:
        self.candles(venue)
        server.end_token()
        server.reply_instead(*[refusal("EGW00121"), as_json(ISSUED), refusal("EGW00121")])

        with pytest.raises(KeysRefused, match=r"EGW00121.*refuses a new access token, too"):
            self.candles(venue)

        assert len(tokens.refused) == 2
        assert self.asked_for_token(server) == 2

    def test_one_that_is_asked_for_too_soon_is_told_until_when(
        self, venue: Venue, server: KisServer, clock: Clock
    ) -> None:
        server.issue_token()

        with pytest.raises(AskedTooSoon, match="EGW00133") as soon:
            self.candles(venue)

        assert (soon.value.until - clock.now()).total_seconds() == 60
        assert len(server.requests) == 1

    @pytest.mark.parametrize(
        "keys",
        [
            Keys(Secret("another-app-key-of-us"), Secret(APP_SECRET)),
            Keys(Secret(APP_KEY), Secret("x")),
        ],
    )
    def test_wrong_keys_are_said_and_not_shown(
        self, open_venue: OpensVenue, server: KisServer, keys: Keys
    ) -> None:
        with (
            closing(open_venue(keys=keys)) as venue,
            pytest.raises(KeysRefused, match=r"유효하지 않은 App.*Are KIS_APP_KEY") as refused,
        ):
            self.candles(venue)

        assert "another-app-key" not in str(refused.value)
        assert len(server.requests) == 1

    @pytest.mark.parametrize(
        "said",
        [
            {"access_token": ""},
            {"access_token": None},
            {"access_token": "eyJ0-a-token-of-kis\r\nX: y"},
            {"access_token_token_expired": "tomorrow"},
            {"access_token_token_expired": None},
        ],
        ids=str,
    )
    def test_an_answer_without_a_token_shows_nothing_of_it(
        self, venue: Venue, server: KisServer, said: dict[str, str]
    ) -> None:
        server.reply_instead(as_json(ISSUED | said))

        with pytest.raises(InvalidAnswer, match=r"without a token|is no time") as refused:
            self.candles(venue)

        assert "eyJ0" not in str(refused.value)

    def test_its_end_is_told_in_seoul(
        self, server: KisServer, gate: MemoryGate, clock: Clock
    ) -> None:
        server.reply_instead(as_json(ISSUED))
        with closing(Caller("kis", address_of(server.url), gate, clock.chance)) as caller:
            issued = KisCalls(caller, Login(KEYS, MemoryTokens()))._ask_for_token()

        assert issued.expires_at == datetime(2026, 3, 12, 4, tzinfo=UTC)


class TestErrors(CallsCase):
    def test_a_refusal_that_another_try_would_not_mend_is_not_tried_again(
        self, venue: Venue, server: KisServer
    ) -> None:
        for status in (200, 500):
            server.requests.clear()
            server.reply_instead(refusal("EGW00552", status=status))

            with pytest.raises(InvalidAnswer, match=rf"answered {status}: CBOT.*\(EGW00552\)\.$"):
                self.candles(venue)

            assert len(server.requests) == 1

    @pytest.mark.parametrize("code", ["EGW00202", "EGW00300"])
    def test_a_fault_between_its_machines_passes(
        self, venue: Venue, server: KisServer, code: str
    ) -> None:
        server.reply_instead(*[refusal(code)] * 3)

        assert self.candles(venue) == 2

    @pytest.mark.parametrize("body", [b"[]", b'"maintenance"', b"{}"])
    def test_json_that_is_no_answer_is_refused(
        self, venue: Venue, server: KisServer, body: bytes
    ) -> None:
        server.reply_instead(Reply(body=body))

        with pytest.raises(InvalidAnswer, match="answered no object"):
            self.candles(venue)


class TestSecrecy(CallsCase):
    @pytest.fixture
    def echo(self, clock: Clock) -> Iterator[KisServer]:
        with Echo(now=clock.now) as server:
            yield server

    @pytest.mark.parametrize("has_token", [True, False])
    def test_what_repeats_our_keys_is_not_quoted(
        self, echo: KisServer, open_venue: OpensVenue, tokens: MemoryTokens, has_token: bool
    ) -> None:
        token = tokens.token
        tokens.token = token if has_token else None

        with (
            closing(open_venue(url=echo.url)) as venue,
            pytest.raises(InvalidAnswer, match="answered 400") as refused,
        ):
            self.candles(venue)

        assert token
        for secret in (APP_KEY[:8], APP_SECRET[:8], token.reveal()[:8]):
            assert secret not in str(refused.value)

    def test_no_log_has_them(
        self, venue: Venue, server: KisServer, caplog: pytest.LogCaptureFixture
    ) -> None:
        caplog.set_level(logging.DEBUG)
        server.end_token()
        server.reply_instead(refusal("EGW00201"), Reply(status=502))

        self.candles(venue)

        said = caplog.text
        assert "send_request_headers.started request=<Request [b'POST']>" in said
        for secret in (APP_KEY, APP_SECRET, *server.tokens.issued):
            assert secret not in said

    def test_keys_show_nothing(self) -> None:
        assert APP_KEY not in repr(KEYS)
        assert len(KEYS.mark) == 12

    def test_another_secret_is_another_login(self) -> None:
        """What was refused to the old one is not to be said of it."""
        assert Keys(KEYS.app_key, Secret("another")).mark != KEYS.mark
