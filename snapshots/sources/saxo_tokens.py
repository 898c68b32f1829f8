"""Log in at Saxo, and stay logged in: OAuth 2 with an authorization code and PKCE.

An access token lives for 20 minutes, a refresh token for some 40, and can be used once.
Source: developer.saxo/openapi/learn/oauth-authorization-code-grant-pkce, read 2026-11-21.
"""

from __future__ import annotations

import hashlib
import re
import secrets
from base64 import urlsafe_b64encode
from collections.abc import Mapping
from contextlib import closing
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlencode

from prices.venues.answers import read_json, read_number, read_text
from prices.venues.base import InvalidAnswer, KeysRefused, VenueUnavailable
from prices.venues.caller import Caller
from snapshots.sources.calling import who_asks
from snapshots.sources.surroundings import Session, Surroundings
from vault.secret import Secret

NAME = "saxo_api"
CREDENTIAL = {"app_key": "App key (PKCE)"}
MARGIN = timedelta(seconds=30)  # a token is taken to end so much earlier: calls take time

LONGEST_LIFE = 10**8  # s, of a token: three years
ERROR_CODE = re.compile("[a-z_]{1,40}")  # RFC 6749, 5.2


def app_key_of(around: Surroundings) -> Secret:
    """Return what names our app. Raise SourceError."""
    return who_asks(around.login, CREDENTIAL)["app_key"]


def new_verifier() -> Secret:
    """Return what only we know of a login, until it is proved by."""
    return Secret(secrets.token_urlsafe(48))


def authorize_url(around: Surroundings, login: Mapping[str, str]) -> str:
    """Return the page on which the owner logs in. Raise SourceError.

    login  redirect_uri, state, and the challenge of the verifier
    """
    query = {
        "response_type": "code",
        "client_id": app_key_of(around).reveal(),
        "redirect_uri": login["redirect_uri"],
        "state": login["state"],
        "code_challenge": login["challenge"],
        "code_challenge_method": "S256",
    }
    return f"{around.address_of('SAXO_LOGIN').url.rstrip('/')}/authorize?{urlencode(query)}"


def challenge_of(verifier: Secret) -> str:
    digest = hashlib.sha256(verifier.reveal().encode()).digest()
    return urlsafe_b64encode(digest).rstrip(b"=").decode()


def first_session(around: Surroundings, code: str, redirect_uri: str, verifier: Secret) -> Session:
    """Return the session for a login that has just been made. Raise VenueError."""
    form = {"grant_type": "authorization_code", "code": code, "redirect_uri": redirect_uri}
    return _ask(around, form, verifier)


def next_session(around: Surroundings, session: Session) -> Session:
    """Return the session after this one, whose refresh token is of no use any more.

    Raise KeysRefused if the session has ended, or another VenueError.
    """
    if session.refresh_until <= around.chance.now():
        raise KeysRefused(f"{NAME}: the login ended at {session.refresh_until:%Y-%m-%d %H:%M}Z")
    form = {"grant_type": "refresh_token", "refresh_token": session.refresh_token.reveal()}
    return _ask(around, form, session.verifier)


def _ask(around: Surroundings, form: Mapping[str, str], verifier: Secret) -> Session:
    """Ask once: a code and a refresh token are spent by asking, whatever is heard of it."""
    where = f"{NAME} /token"
    app_key = app_key_of(around).reveal()
    body = {**form, "client_id": app_key, "code_verifier": verifier.reveal()}
    gate = around.open_gate(NAME, "", {})
    with closing(Caller(NAME, around.address_of("SAXO_LOGIN"), gate, around.chance)) as caller:
        asked_at = around.chance.now()
        answer = caller.send("POST", "/token", where, data=body)
    given = _fields(answer.body)
    if answer.status in (400, 401, 403):
        raise KeysRefused(f"{where} answered {answer.status}: {_reason(given)}")
    if answer.status not in (200, 201):
        raise VenueUnavailable(f"{where} answered {answer.status}")

    def until(field: str) -> datetime:
        life = read_number(given, field, where)
        if abs(life) > LONGEST_LIFE:
            raise InvalidAnswer(f"{where}: {field!r} is no time that a token lives.")
        return asked_at + timedelta(seconds=int(life)) - MARGIN

    return Session(
        access_token=Secret(read_text(given, "access_token", where)),
        access_until=until("expires_in"),
        refresh_token=Secret(read_text(given, "refresh_token", where)),
        refresh_until=until("refresh_token_expires_in"),
        verifier=verifier,
    )


def _fields(body: bytes) -> Mapping[str, Any]:
    """Return what the answer has; nothing if it is no object. Nobody quotes it: it has tokens."""
    try:
        given = read_json(body, "")
    except InvalidAnswer:
        return {}
    return given if isinstance(given, dict) else {}


def _reason(given: Mapping[str, Any]) -> str:
    """Return the code of the error and no more: other words may quote what we sent."""
    code = str(given.get("error", ""))
    return code if ERROR_CODE.fullmatch(code) else "no reason"
