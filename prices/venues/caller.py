"""Call a venue over HTTP: in turn, with limits on time and size, again after a refusal."""

from __future__ import annotations

import random
import re
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from typing import Any, TypeVar
from urllib.parse import urlsplit

from prices.venues.answers import read_json, shown
from prices.venues.base import (
    Banned,
    Gate,
    InvalidAnswer,
    KeysRefused,
    RateLimited,
    UnderMaintenance,
    VenueUnavailable,
)

MOST_BYTES = 32 * 1024 * 1024  # of an answer; the largest known has 0.3 MB
ATTEMPTS = 5
BACK_OFF = timedelta(seconds=1)  # before the second attempt, at most; doubled before each further
LONGEST_BACK_OFF = timedelta(seconds=60)
SECRET = 16  # characters: what is shorter is no key
SECONDS_IN = {"second": 1, "sec": 1, "minute": 60, "min": 60, "hour": 3600}
Result = TypeVar("Result")


@dataclass(frozen=True, slots=True, kw_only=True)
class Address:
    """Where a venue is, and how long it may take.

    connect_timeout  seconds until a connection is there
    read_timeout     seconds of silence, and for the whole answer ten times as many
    """

    url: str
    connect_timeout: float
    read_timeout: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Chance:
    """What is not the same twice: the time, waiting, dice. Tests bring their own."""

    now: Callable[[], datetime] = lambda: datetime.now(UTC)
    sleep: Callable[[float], None] = time.sleep
    random: Callable[[], float] = random.random


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back: status, headers and all bytes."""

    status: int
    headers: Mapping[str, str]
    body: bytes


class NotFound(InvalidAnswer):
    """The venue knows the path, and not what it was asked about."""


class Caller:
    """GET from one venue, until it answers or has refused for good."""

    def __init__(
        self, venue: str, address: Address, gate: Gate, chance: Chance | None = None
    ) -> None:
        self.venue = venue
        self._address = address
        self._gate = gate
        self.chance = chance or Chance()
        import httpx

        self._client = httpx.Client(
            base_url=address.url,
            timeout=httpx.Timeout(address.read_timeout, connect=address.connect_timeout),
            headers={"Accept": "application/json", "User-Agent": "Daybook"},
            trust_env=not is_loopback(address.url),  # no proxy leads to this machine
        )

    def get(self, path: str, *, group: str, **params: str) -> Any:
        """Return the JSON that `path` answers. Raise VenueError."""
        where = f"{self.venue} {path}"

        def ask() -> Any:
            answer = self.send("GET", path, where, params=params)
            self._heed(answer, group)
            self.refuse_the_rest(answer, where)
            return read_json(answer.body, where)

        return self.in_turn(group, ask)

    def in_turn(self, group: str, ask: Callable[[], Result], *, cost: float = 1.0) -> Result:
        """Return what `ask` returns; call it in turn, and again after a refusal or a fault.

        cost  how many ordinary requests the venue counts it for
        """
        for attempt in range(1, ATTEMPTS + 1):
            self._gate.pass_through(group, cost)
            try:
                return ask()
            except RateLimited as exc:
                until = exc.until + self._back_off(attempt)
                self._gate.hold(group, until)
                if attempt == ATTEMPTS:
                    raise RateLimited(str(exc), until=until) from exc
            except UnderMaintenance:
                raise
            except VenueUnavailable:
                if attempt == ATTEMPTS:
                    raise
                self.chance.sleep(self._back_off(attempt).total_seconds())
        raise AssertionError("The last attempt returns or raises.")

    def close(self) -> None:
        self._client.close()

    def _back_off(self, attempt: int) -> timedelta:
        """Return a pause between 0 and a limit that doubles: full jitter, so that none meet."""
        most = min(LONGEST_BACK_OFF, BACK_OFF * (1 << (attempt - 1)))
        return most * self.chance.random()

    def send(self, method: str, url: str, where: str, **request: Any) -> Answer:
        """Send one request and read all of its answer; `request` is for httpx.

        What was sent in headers or as JSON is masked in the answer, so that no message quotes it.
        """
        import httpx

        deadline = time.monotonic() + 10 * self._address.read_timeout
        body = bytearray()
        try:
            with self._client.stream(method, url, **request) as response:
                for chunk in response.iter_bytes():
                    body += chunk
                    if len(body) > MOST_BYTES:
                        raise InvalidAnswer(f"{where} answered more than {MOST_BYTES} bytes.")
                    if time.monotonic() > deadline:
                        raise VenueUnavailable(f"{where} does not come to the end of its answer.")
        except httpx.TimeoutException as exc:
            raise VenueUnavailable(f"{where} did not answer in time.") from exc
        except (httpx.HTTPError, httpx.InvalidURL) as exc:
            raise VenueUnavailable(f"{where} did not answer: {exc}") from exc
        return Answer(response.status_code, response.headers, _masked(bytes(body), request))

    def _heed(self, answer: Answer, group: str) -> None:
        """Wait out the second if the venue says that it takes no more calls in this one."""
        if remaining_in_second(answer.headers) == 0:
            self._gate.hold(group, self.chance.now() + timedelta(seconds=1))

    def refuse_the_rest(self, answer: Answer, where: str) -> None:
        """Raise the VenueError that the status means; 200 means none."""
        status = answer.status
        if status == 200:
            return
        error = error_of(answer.body)
        said = f"{where} answered {status}: {error or shown(answer.body)}"
        if status == 418:
            raise self.banned(said, answer)
        if status == 429:
            raise self.limited(said, answer)
        if status == 404 and error:  # a page that says 404 comes from somebody else
            raise NotFound(said)
        if status in (401, 403, 451):
            raise KeysRefused(said)
        if status >= 500:
            raise VenueUnavailable(said)
        raise InvalidAnswer(said)

    def banned(self, said: str, answer: Answer, *, pause: timedelta | None = None) -> Banned:
        """Close the venue to everybody, for as long as it says, and return the error.

        pause  how long it says, where it does so in a way of its own
        """
        said_so = retry_after(answer.headers) or length_in(answer.body.decode(errors="replace"))
        length = pause or said_so
        until = self._gate.ban(self.chance.now() + length if length else None, said)
        end = f"Nobody calls it before {until:%Y-%m-%d %H:%M:%S}Z."
        return Banned(f"{said.rstrip('.')}. {end}", until=until)

    def limited(
        self, said: str, answer: Answer, *, pause: timedelta | None = None
    ) -> RateLimited | Banned:
        """Return the error for too many requests. Who names a long pause has banned us."""
        pause = pause or retry_after(answer.headers) or timedelta(0)
        if pause > LONGEST_BACK_OFF:
            return self.banned(said, answer, pause=pause)
        return RateLimited(said, until=self.chance.now() + pause)


def _masked(body: bytes, request: Mapping[str, Any]) -> bytes:
    """Return the answer without the keys and tokens that we sent, should it repeat them."""
    sent = [*request.get("headers", {}).values(), *request.get("json", {}).values()]
    for word in " ".join(sent).split():
        if len(word) >= SECRET:
            body = body.replace(word.encode(), b"***")
    return body


def retry_after(headers: Mapping[str, str]) -> timedelta | None:
    """Return what Retry-After says in seconds; None if it does not."""
    found = re.fullmatch(r"\s*(\d{1,6})\s*", headers.get("Retry-After", ""))
    return timedelta(seconds=int(found[1])) if found else None


def remaining_in_second(headers: Mapping[str, str]) -> int | None:
    """Return how many more calls Upbit takes in this second; None if it does not tell.

    Source: `Remaining-Req: group=candles; min=600; sec=7`, docs.upbit.com/kr/reference/rate-limits.
    """
    found = re.search(r"\bsec=(\d{1,9})\b", headers.get("Remaining-Req", ""))
    return int(found[1]) if found else None


def length_in(message: str) -> timedelta | None:
    """Return the length of time that a message names: "blocked for 30 seconds"."""
    found = re.search(r"(\d{1,6})\s*(second|sec|minute|min|hour)", message, re.IGNORECASE)
    return timedelta(seconds=int(found[1]) * SECONDS_IN[found[2].lower()]) if found else None


def error_of(body: bytes) -> str | None:
    """Return the message of an error as Upbit writes it; None if the answer is something else."""
    try:
        answer = read_json(body, "")
    except InvalidAnswer:
        return None
    error = answer.get("error") if isinstance(answer, dict) else None
    message = error.get("message") if isinstance(error, dict) else None
    return str(message)[:200] if message else None


def is_loopback(url: str) -> bool:
    """Tell whether `url` is on this machine."""
    host = urlsplit(url).hostname or ""
    if host == "localhost":
        return True
    with suppress(ValueError):
        return ip_address(host).is_loopback
    return False
