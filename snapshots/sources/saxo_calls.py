"""Call Saxo's OpenAPI: logged in, in turn, page by page."""

from __future__ import annotations

import re
from collections.abc import Mapping
from contextlib import closing
from datetime import timedelta
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from prices.venues.answers import read_json, shown
from prices.venues.base import InvalidAnswer
from prices.venues.caller import Answer, Caller
from snapshots.sources.calling import as_source_errors, without_secrets
from snapshots.sources.marks import mark_of
from snapshots.sources.saxo_tokens import NAME, app_key_of, next_session
from snapshots.sources.surroundings import Session, Surroundings

# Of each group of services it allows 120 a minute; the owner's own program counts as well.
CALLS_PER_SECOND = {"port": 1.5, "hist": 1.0}
MOST_PAGES = 100
RESET = re.compile(r"x-ratelimit-.*-reset", re.IGNORECASE)
REMEDY = "To go on, log in again, on the page of the account."


class SaxoCalls:
    """All calls of one account. A token that has ended is renewed, by one of all who notice."""

    def __init__(self, around: Surroundings) -> None:
        self._around = around

    def get(self, path: str, **params: str) -> dict[str, Any]:
        """Return the object that `path` answers. Raise SourceError."""
        with as_source_errors(self._around.login, REMEDY):
            return self._get(path, params)

    def rows(self, path: str, **params: str) -> tuple[list[Mapping[str, Any]], int | None]:
        """Return the rows of all pages, and how many Saxo says that there are."""
        seen: list[dict[str, str]] = []
        found: list[Mapping[str, Any]] = []
        while True:
            seen.append(dict(params))
            answer = self.get(path, **params)
            with as_source_errors(self._around.login):
                rows = answer.get("Data")
                if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
                    raise InvalidAnswer(f"{NAME} /{path} has no list of objects: {shown(rows)}.")
                found += rows
                following, count = answer.get("__next"), answer.get("__count")
                if not following:
                    return found, count if isinstance(count, int) else None
                # Only its query: an address of somebody else would get the token.
                params = params | dict(parse_qsl(urlsplit(str(following)).query))
                if params in seen or len(seen) >= MOST_PAGES:
                    raise InvalidAnswer(f"{NAME} /{path} does not come to an end of its pages.")

    def renewed(self, old: Session) -> Session:
        """Return a session newer than `old`. Raise SourceError."""
        around = self._around

        with as_source_errors(around.login, REMEDY):
            return around.login.renewed(old, lambda session: next_session(around, session))

    def _get(self, path: str, params: Mapping[str, str]) -> dict[str, Any]:
        around = self._around
        where = f"{NAME} /{path}"
        gate = around.open_gate(NAME, mark_of(app_key_of(around)), CALLS_PER_SECOND)
        caller = Caller(NAME, around.address_of("SAXO"), gate, around.chance)
        session = around.login.session()
        if session.access_until <= around.chance.now():
            session = self.renewed(session)

        def ask() -> Any:
            return self._ask(caller, session, path, params)

        with closing(caller):
            answer = caller.in_turn(path.partition("/")[0], ask)
            if answer.status == 401:  # it has ended earlier than it said
                session = self.renewed(session)
                answer = caller.in_turn(path.partition("/")[0], ask)
            caller.refuse_the_rest(answer, where)
        read = read_json(answer.body, where)
        if not isinstance(read, dict):
            raise InvalidAnswer(f"{where} answered no object: {shown(read)}.")
        return read

    def _ask(
        self, caller: Caller, session: Session, path: str, params: Mapping[str, str]
    ) -> Answer:
        where = f"{NAME} /{path}"
        headers = {"Authorization": f"Bearer {session.access_token.reveal()}"}
        answer = caller.send("GET", f"/{path}", where, headers=headers, params=dict(params))
        answer = without_secrets(answer, self._around.login)
        if answer.status == 429:
            said = f"{where} takes no more calls."
            raise caller.limited(said, answer, pause=reset_of(answer.headers))
        if answer.status == 403:  # the login is good, and stays
            raise InvalidAnswer(
                f"{where} answered 403: the app has no right to it, or something before Saxo "
                "keeps us out. Look at the app's permissions at developer.saxo."
            )
        if answer.status != 401:
            caller.refuse_the_rest(answer, where)
        return answer


def reset_of(headers: Mapping[str, str]) -> timedelta:
    """Return how long until all limits that are reached begin anew."""
    waits = [
        int(value)
        for name, value in headers.items()
        if RESET.fullmatch(name) and value.isdigit() and _left(headers, name) == "0"
    ]
    return timedelta(seconds=min(max(waits, default=1), 86_400))


def _left(headers: Mapping[str, str], reset: str) -> str:
    return headers.get(re.sub("reset$", "remaining", reset, flags=re.IGNORECASE), "")
