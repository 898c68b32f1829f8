"""Answers that are kept for a while, with an ETag and the age of the data."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from datetime import datetime
from typing import Any

import orjson
from django.conf import settings
from django.core.cache import cache
from django.utils import timezone
from rest_framework.request import Request
from rest_framework.response import Response

from snapshots.answers.telling import instant
from snapshots.selectors.changes import mark_of_changes
from snapshots.selectors.scope import Scope

Body = dict[str, Any]


def answer(request: Request, name: str, scope: Scope, build: Callable[[Scope], Body]) -> Response:
    """Return what `build` tells of the scope, at most PORTFOLIO_CACHE_SECONDS old.

    It is built anew as soon as something in it changes. 304 if the asker has it already.
    """
    key = f"snapshots:{name}:{_fingerprint(scope)}"
    kept = cache.get(key)
    if kept is None:
        body = {**build(scope), "built_at": instant(timezone.now())}
        tag = hashlib.sha256(orjson.dumps(body | {"built_at": None})).hexdigest()[:32]
        kept = (f'W/"{tag}"', body)
        cache.set(key, kept, settings.PORTFOLIO_CACHE_SECONDS)
    etag, body = kept
    if _has(request, etag):
        response = Response(status=304)
    else:
        response = Response({**body, "age_seconds": _age(body["as_of"])})
    response["ETag"] = etag
    response["Cache-Control"] = "private, no-cache"  # asked again each time, answered with 304
    response["Vary"] = "Authorization, Cookie"
    return response


def _fingerprint(scope: Scope) -> str:
    """Return what the answer depends on: whose accounts, in which currency, changed when."""
    parts = [str(scope.owner.pk), scope.currency, str(scope.is_whole), *mark_of_changes(scope)]
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()


def _has(request: Request, etag: str) -> bool:
    """Tell whether the asker has this answer: weak and strong tags compare alike."""
    given = [one.strip() for one in request.headers.get("If-None-Match", "").split(",")]
    return "*" in given or etag.removeprefix("W/") in [one.removeprefix("W/") for one in given]


def _age(as_of: str | None) -> int | None:
    if as_of is None:
        return None
    return max(0, round((timezone.now() - datetime.fromisoformat(as_of)).total_seconds()))
