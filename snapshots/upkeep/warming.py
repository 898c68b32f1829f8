"""Ask for answers before people do, so that theirs are kept already."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

from django.conf import settings

from scheduling.context import Degraded, RunContext
from scheduling.exceptions import TaskFailed

TIMEOUT = 10  # s, for each request
PAUSE = 0.5  # s, between requests
WITHOUT_KEY = (
    "API_WARMER_TOKEN is not set. Make a token with manage.py create_api_token, set it, and resume "
    "this job."
)


def why_not() -> str:
    """Return why nothing can be warmed; empty: it can."""
    return "" if settings.API_WARMER_TOKEN else WITHOUT_KEY


def warm(ctx: RunContext, *, rest: Callable[[float], object] = time.sleep) -> Any:
    """Ask for each endpoint twice, and return how long it took cold and warm.

    Raise TaskFailed if none answers, or there is no token.
    """
    if reason := why_not():
        raise TaskFailed(reason, permanent=True)
    endpoints = settings.API_WARMER_ENDPOINTS
    import httpx

    outcomes = []
    headers = {"Authorization": f"Token {settings.API_WARMER_TOKEN}"}
    with httpx.Client(
        base_url=settings.API_BASE_URL, headers=headers, timeout=TIMEOUT, trust_env=False
    ) as client:
        for done, endpoint in enumerate(endpoints):
            ctx.progress(done, len(endpoints), endpoint)
            if ctx.should_stop():
                raise TaskFailed(f"Stopped after {done} of {len(endpoints)} endpoint(s).")
            outcomes.append(_outcome(ctx, client, endpoint, rest=rest))
    return _result(outcomes)


def _outcome(
    ctx: RunContext, client: Any, endpoint: str, *, rest: Callable[[float], object]
) -> dict[str, Any]:
    """Ask twice; the second time it is warm."""
    took = []
    for _ in range(2):
        began = time.perf_counter()
        error = _fault(client, endpoint)
        took.append(round((time.perf_counter() - began) * 1000, 1))
        rest(PAUSE)
        if error:
            return _failed(ctx, endpoint, error)
    return {"endpoint": endpoint, "ok": True, "cold_ms": took[0], "warm_ms": took[1]}


def _fault(client: Any, endpoint: str) -> str:
    """Ask for an endpoint to the last byte, and return why it is not warm; empty: it is."""
    import httpx

    ends_at = time.monotonic() + TIMEOUT
    try:
        with client.stream("GET", endpoint) as response:
            # httpx's own limit is on silence: who sends a byte a second would never end.
            for _ in response.iter_raw():
                if time.monotonic() > ends_at:
                    return f"It took more than {TIMEOUT} s."
            return _wrong(response)
    except httpx.TimeoutException:
        return f"It took more than {TIMEOUT} s."
    except httpx.HTTPError as exc:
        return f"{type(exc).__name__}: {exc}. Is API_BASE_URL right?"


def _wrong(response: Any) -> str:
    status = response.status_code
    if status == 200:
        return ""
    advice = ""
    if status in (401, 403):
        advice = " Is API_WARMER_TOKEN right, and has it not expired? create_api_token makes one."
    if response.is_redirect:
        where = str(response.headers.get("Location", ""))[:200]
        advice = f" It leads to {where}: set API_BASE_URL to where people ask."
    return f"It answers {status}.{advice}"


def _failed(ctx: RunContext, endpoint: str, error: str) -> dict[str, Any]:
    ctx.log.warning("%s was not warmed: %s", endpoint, error)
    return {"endpoint": endpoint, "ok": False, "error": error}


def _result(outcomes: list[dict[str, Any]]) -> dict[str, Any] | Degraded:
    result = {"endpoints": outcomes}
    failed = [one for one in outcomes if not one["ok"]]
    if not failed:
        return result
    reason = f"{len(failed)} of {len(outcomes)} endpoints were not warmed: {failed[0]['error']}"
    if len(failed) == len(outcomes):
        raise TaskFailed(reason)
    return Degraded(result, reason=reason, failed=failed)
