"""The warmers against Daybook itself, over HTTP."""

from __future__ import annotations

import time
from contextlib import contextmanager, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

import pytest
from knox.models import AuthToken

from scheduling.context import Degraded
from scheduling.exceptions import TaskFailed
from snapshots.upkeep.warming import PAUSE, warm, why_not
from tests.factories import make_user
from tests.snapshots.factories import make_context

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def _served(live_server, settings):
    _, token = AuthToken.objects.create(make_user("warmer"))
    settings.API_BASE_URL = live_server.url
    settings.API_WARMER_TOKEN = token


@pytest.mark.usefixtures("_served")
def test_each_endpoint_is_asked_cold_and_warm(settings):
    rests = []

    result = warm(make_context(), rest=rests.append)

    assert [one["endpoint"] for one in result["endpoints"]] == settings.API_WARMER_ENDPOINTS
    assert all(one["ok"] and one["cold_ms"] > 0 < one["warm_ms"] for one in result["endpoints"])
    assert rests == [PAUSE] * 6


@pytest.mark.usefixtures("_served")
def test_what_does_not_answer_is_named_and_the_others_are_warmed(settings):
    settings.API_WARMER_ENDPOINTS = ["/api/nothing", "/api/accounts"]

    outcome = warm(make_context(), rest=no_rest)

    assert isinstance(outcome, Degraded)
    assert outcome.failed[0]["error"] == "It answers 404."


@pytest.mark.usefixtures("_served")
def test_a_token_that_has_expired_is_told_of(settings):
    settings.API_WARMER_TOKEN = "long-gone"

    with pytest.raises(TaskFailed, match="has it not expired"):
        warm(make_context(), rest=no_rest)


def test_an_answer_that_drips_is_given_up_and_the_next_one_is_still_apart(settings, monkeypatch):
    monkeypatch.setattr("snapshots.upkeep.warming.TIMEOUT", 0.1)
    settings.API_WARMER_TOKEN = "token"
    rests = []
    with dripping() as address:
        settings.API_BASE_URL = address
        with pytest.raises(TaskFailed, match=r"It took more than 0\.1 s"):
            warm(make_context(), rest=rests.append)

    assert rests == [PAUSE] * 3


@pytest.mark.usefixtures("_served")
def test_a_server_that_is_away_fails_the_run_without_the_token_in_a_word(settings, caplog):
    settings.API_BASE_URL = "http://127.0.0.1:9"

    with pytest.raises(TaskFailed, match="3 of 3 endpoints") as failure:
        warm(make_context(), rest=no_rest)

    assert settings.API_WARMER_TOKEN not in f"{failure.value}{caplog.text}"


def test_without_a_token_it_says_what_to_do(settings):
    settings.API_WARMER_TOKEN = ""

    assert "create_api_token" in why_not()
    with pytest.raises(TaskFailed, match="create_api_token"):
        warm(make_context())


def no_rest(seconds: float) -> None:
    """Rest for no time."""


@contextmanager
def dripping():
    """Serve bytes, one each 20 ms, until nobody listens; yield the address."""

    class Dripping(BaseHTTPRequestHandler):
        def do_GET(self):
            self.send_response(200)
            self.end_headers()
            with suppress(OSError):
                for _ in range(100):
                    self.wfile.write(b"x")
                    self.wfile.flush()
                    time.sleep(0.02)

        def log_message(self, *args):
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Dripping)
    Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()
