"""Real processes of Daybook, for tests of what only whole processes show."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import Any, Self
from urllib.parse import quote, urlsplit

import psycopg
from django.conf import settings
from django.db import connection

MANAGE = (sys.executable, str(settings.BASE_DIR / "manage.py"))


class Program(subprocess.Popen[bytes]):
    """A process whose output, both kinds, goes to a file."""

    def __init__(self, command: tuple[str, ...], *, log: Path, **kwargs: Any) -> None:
        self.log = log
        with log.open("wb") as output:
            super().__init__(command, stdout=output, stderr=subprocess.STDOUT, **kwargs)

    @property
    def output(self) -> str:
        return self.log.read_text()

    def wait_for(self, text: str, *, seconds: float = 15) -> str:
        """Return the output as soon as it contains `text`; fail if it ends or time passes."""
        deadline = time.monotonic() + seconds
        while text not in self.output:
            ended = self.poll() is not None and text not in self.output
            if ended or time.monotonic() > deadline:
                raise AssertionError(f"No {text!r} in:\n{self.output}")
            time.sleep(0.02)
        return self.output

    def end(self, *, seconds: float = 10) -> int:
        """Ask the process to end, force it after so many seconds, return its exit code."""
        if self.poll() is None:
            self.terminate()
        try:
            return self.wait(seconds)
        except subprocess.TimeoutExpired:
            self.kill()
            return self.wait()


class Installation:
    """A Daybook on one database and in one data directory.

    .env              what its processes see
    .database         "sqlite" or "postgresql"
    .manage(*args)    run a management command to its end
    .start(*args)     start one; it ends with the installation
    """

    def __init__(self, data_dir: Path, database_url: str) -> None:
        self.data_dir = data_dir
        self.database = connection.vendor
        self.env = os.environ | {"DATA_DIR": str(data_dir), "DATABASE_URL": database_url}
        self._programs: list[Program] = []

    @classmethod
    def on_test_database(cls, data_dir: Path) -> Installation:
        return cls(data_dir, url_of(str(connection.settings_dict["NAME"])))

    def manage(
        self, *args: str, timeout: float = 60, check: bool = True, **env: str
    ) -> subprocess.CompletedProcess[str]:
        completed = subprocess.run(
            (*MANAGE, *args),
            env=self.env | env,
            cwd=settings.BASE_DIR,
            capture_output=True,
            text=True,
            timeout=timeout,
        )
        if check and completed.returncode:
            raise AssertionError(f"{args} failed:\n{completed.stdout}{completed.stderr}")
        return completed

    def start(self, *args: str, **env: str) -> Program:
        return self.launch((*MANAGE, *args), **env)

    def launch(self, command: tuple[str, ...], **env: str) -> Program:
        log = self.data_dir / f"program-{len(self._programs) + 1}.log"
        program = Program(command, log=log, env=self.env | env, cwd=settings.BASE_DIR)
        self._programs.append(program)
        return program

    def kill_all(self) -> None:
        """Let nothing that was started live, without a word."""
        for program in self._programs:
            program.kill()
            program.wait()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        for program in self._programs:
            if program.poll() is None:
                program.terminate()
        for program in self._programs:
            program.end()


def url_of(database: str) -> str:
    """Return the URL of a database beside the one that the settings name."""
    if connection.vendor == "sqlite":
        return f"sqlite:///{quote(database)}"
    return urlsplit(os.environ["DATABASE_URL"])._replace(path=f"/{database}").geturl()


@contextmanager
def new_database(directory: Path) -> Iterator[str]:
    """Yield the URL of a database that is empty, and drop it afterwards."""
    if connection.vendor == "sqlite":
        yield url_of(str(directory / "new.sqlite3"))
        return
    name = f"daybook_new_{os.getpid()}"
    with psycopg.connect(os.environ["DATABASE_URL"], autocommit=True) as server:
        server.execute(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")
        server.execute(f"CREATE DATABASE {name}")
        yield url_of(name)
        server.execute(f"DROP DATABASE {name} WITH (FORCE)")
