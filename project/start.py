"""Start the processes of the Procfile together: `python -m project.start`.

The first SIGINT or SIGTERM ends them in good order, the second at once. It is `honcho start`, but
for what that lacks: time for running runs to finish, exit code 0 for an end that was asked for,
and PORT and .env as Django sees them.
"""

from __future__ import annotations

import os
import signal
import socket
import sys
from contextlib import suppress
from pathlib import Path
from threading import Timer
from types import FrameType

import honcho.manager
from django.conf import settings
from honcho.environ import parse_procfile
from honcho.printer import Message, Printer

ENDING = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
MARGIN = 5.0  # s that a process may need beside its grace, before it is killed
RETRY = 0.1  # s


class Output(Printer):
    """Write lines as long as somebody reads them: a closed terminal ends no process."""

    def write(self, message: Message) -> None:
        with suppress(OSError):
            super().write(message)


class Manager(honcho.manager.Manager):
    """Run processes until one ends, or a signal asks all to end."""

    def _start(self) -> None:
        super()._start()
        for number in ENDING:
            signal.signal(number, self._end)

    def _end(self, number: int, frame: FrameType | None) -> None:
        if not self._all_started():  # honcho cannot tell them anything yet
            Timer(RETRY, os.kill, (os.getpid(), number)).start()
            return
        self.returncode = 0
        self._terminating = True
        self._killall()


def environment() -> dict[str, str]:
    """Return what the processes see: `.env` below, and the tools of this Python first."""
    tools = str(Path(sys.executable).parent)
    return os.environ | {
        "HOST": settings.HOST,
        "PORT": str(settings.PORT),
        "PATH": os.pathsep.join([tools, os.environ.get("PATH", os.defpath)]),
        "PYTHONUNBUFFERED": "1",
    }


def refuse_taken_port(host: str, port: int) -> None:
    """Exit with advice if nothing can listen at `host` and `port`."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listener.bind((host.strip("[]"), port))
        except OSError as exc:
            sys.exit(
                f"Daybook cannot listen at {host}:{port} ({exc.strerror}). "
                f"Choose another: PORT={port + 1} make run"
            )


def main() -> int:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "project.settings")
    refuse_taken_port(settings.HOST, settings.PORT)
    honcho.manager.KILL_WAIT = settings.SHUTDOWN_GRACE + MARGIN
    manager = Manager(Output(sys.stdout))
    procfile = parse_procfile((settings.BASE_DIR / "Procfile").read_text())
    for name, command in procfile.processes.items():
        manager.add_process(name, command, env=environment(), cwd=settings.BASE_DIR)
    host = "localhost" if settings.HOST in ("0.0.0.0", "::", "[::]") else settings.HOST  # noqa: S104
    sys.stdout.write(f"Daybook is at http://{host}:{settings.PORT}/ (Ctrl-C ends it)\n")
    sys.stdout.flush()
    manager.loop()
    return int(manager.returncode or 0)


if __name__ == "__main__":
    sys.exit(main())
