"""What KIS sees of two processes with eight threads each, which all begin at once."""

from __future__ import annotations

import sys
from datetime import UTC, datetime, timedelta

import pytest

from prices.demo.kis import APP_KEY, APP_SECRET, LIMIT, TOKEN, KisServer
from prices.models import AccessToken
from tests.installation import Installation
from tests.prices.test_gate import most_in_a_second
from tests.prices.venues.kis_case import KEYS
from vault.secret import Secret

THREADS, CALLS = 8, 2


def keep(token: str) -> None:
    """Let the installation have a token that it believes in."""
    now = datetime.now(UTC)
    row = AccessToken.objects.shared(venue="kis", key=KEYS.mark)
    row.keep(Secret(token), issued_at=now, expires_at=now + timedelta(hours=12))


@pytest.mark.parametrize("before", ["none", "a-dead-one"])
def test_one_token_is_asked_for_and_no_call_comes_too_soon(
    installation: Installation, before: str
) -> None:
    with KisServer(limit=LIMIT) as server:
        if before == "a-dead-one":
            keep(server.issue_token())
            server.end_token()
        command = (sys.executable, "-m", "tests.prices.calling", "kis", str(THREADS), str(CALLS))
        env = {"KIS_URL": server.url, "KIS_APP_KEY": APP_KEY, "KIS_APP_SECRET": APP_SECRET}
        programs = [installation.launch(command, **env) for _ in range(2)]
        for program in programs:
            program.wait_for(f"{THREADS * CALLS} candles", seconds=60)

        paths = [request.path for request in server.requests]

    assert paths.count(TOKEN) == 1
    assert len(paths) > 2 * THREADS * CALLS
    assert server.refused == 0
    # The pace is 15. A busy machine may hold some back, and let them go together.
    assert most_in_a_second([request.at for request in server.requests]) <= LIMIT + 5
