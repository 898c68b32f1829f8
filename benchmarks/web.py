"""Pages as a browser gets them: gunicorn in a process of its own, asked over HTTP."""

from __future__ import annotations

import http.client
import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from statistics import median

from django.conf import settings
from django.contrib.auth import get_user_model
from django.test import Client

from benchmarks.waiting import in_hurry, wait_until

HOST = "127.0.0.1"
WARMING, MEASURED = (1, 1) if in_hurry() else (3, 15)  # requests


def seconds_to_open(pages: Mapping[str, str], server: Sequence[str]) -> dict[str, float]:
    """Open each page several times; return the median and the worst by its name.

    server  what gunicorn serves, and its options
    """
    figures = {}
    with web(server) as port:
        cookie = session_of_staff()
        for name, path in pages.items():
            took = [seconds_of(port, path, cookie) for _ in range(WARMING + MEASURED)][WARMING:]
            figures[f"{name}: median, s"] = median(took)
            figures[f"{name}: worst, s"] = max(took)
    return figures


def seconds_of(port: int, path: str, cookie: str) -> float:
    start = time.perf_counter()
    connection = http.client.HTTPConnection(HOST, port)
    connection.request("GET", path, headers={"Cookie": cookie})
    response = connection.getresponse()
    response.read()
    took = time.perf_counter() - start
    connection.close()
    if response.status != 200:
        raise RuntimeError(f"{path} answers {response.status} {response.reason}.")
    return took


def session_of_staff() -> str:
    """Log a superuser in and return the cookie."""
    client = Client()
    client.force_login(get_user_model().objects.create_superuser("admin"))
    return f"{settings.SESSION_COOKIE_NAME}={client.cookies[settings.SESSION_COOKIE_NAME].value}"


@contextmanager
def web(server: Sequence[str]) -> Iterator[int]:
    """Serve from one process; yield its port."""
    port = free_port()
    command = [sys.executable, "-m", "gunicorn", *server, "--bind", f"{HOST}:{port}"]
    command += ["--workers", "1", "--threads", "8", "--no-control-socket"]
    with (Path(os.environ["DATA_DIR"]) / "web.log").open("wb") as log:
        process = subprocess.Popen(command, stdout=log, stderr=subprocess.STDOUT)  # noqa: S603
    try:
        wait_until(lambda: is_open(port))
        yield port
    finally:
        process.terminate()
        process.wait(60)


def is_open(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex((HOST, port)) == 0


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        return int(probe.getsockname()[1])
