"""A small HTTP server in threads, which replies as a venue and notes who asked when."""

from __future__ import annotations

import time
from collections import deque
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Lock, Thread
from types import TracebackType
from typing import Self
from urllib.parse import parse_qsl, urlsplit


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """What came in.

    at  seconds of the monotonic clock, which all processes of the machine share
    """

    path: str
    params: dict[str, str]
    headers: dict[str, str]  # names in lower case
    body: bytes
    at: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """What goes out.

    length  what Content-Length says; None = the truth
    """

    status: int = 200
    body: bytes = b""
    content_type: str = "application/json;charset=UTF-8"
    headers: dict[str, str] = field(default_factory=dict)
    length: int | None = None


class VenueServer:
    """A venue that knows no path. A subclass says what it replies.

    .url       where it listens, on this machine only
    .requests  all that came in, in order
    """

    def __init__(self, port: int = 0) -> None:
        self.requests: list[Request] = []
        self._instead: deque[Reply] = deque()
        self._lock = Lock()
        self._server = _Server(("127.0.0.1", port), _Handler)
        self._server.venue = self
        self._thread = Thread(target=self._server.serve_forever, args=(0.05,), daemon=True)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_port}"

    def reply(self, request: Request) -> Reply:
        """Return what the venue answers to whoever is not answered by `reply_instead`."""
        return Reply(status=404)

    def reply_instead(self, *replies: Reply) -> None:
        """Give these, one each, to the next who ask."""
        with self._lock:
            self._instead.extend(replies)

    def replied(self, request: Request) -> Reply:
        """Note the request, and return what it gets."""
        with self._lock:
            self.requests.append(request)
            if self._instead:
                return self._instead.popleft()
        return self.reply(request)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False  # who keeps a connection open does not hold up the end
    request_queue_size = 128
    venue: VenueServer


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    wbufsize = -1  # head and body go out together
    disable_nagle_algorithm = True
    server: _Server

    def do_GET(self) -> None:
        at = time.monotonic()
        address = urlsplit(self.path)
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        request = Request(
            path=address.path,
            params=dict(parse_qsl(address.query, keep_blank_values=True)),
            headers={name.lower(): value for name, value in self.headers.items()},
            body=body,
            at=at,
        )
        self._send(self.server.venue.replied(request))

    do_POST = do_GET  # noqa: N815

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002
        """Keep quiet: `requests` has it all."""

    def _send(self, reply: Reply) -> None:
        length = len(reply.body) if reply.length is None else reply.length
        self.send_response(reply.status)
        self.send_header("Content-Type", reply.content_type)
        self.send_header("Content-Length", str(length))
        for name, value in reply.headers.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(reply.body)
        self.close_connection = length != len(reply.body)
