"""Start the processes of the Procfile together: `python -m project.start`."""

from __future__ import annotations

import errno
import os
import socket
import sys
from pathlib import Path

from django.conf import settings
from honcho.environ import parse_procfile

from project.command_line import plain_errors
from project.processes import Together

MARGIN = 11.0  # s that a process may need beside the time for its runs, to write how they ended


def environment() -> dict[str, str]:
    """Return what the processes see: settings as settled, and this Python's tools first."""
    tools = str(Path(sys.executable).parent)
    return os.environ | {
        "HOST": bracketed(settings.HOST),
        "PORT": str(settings.PORT),
        "WEB_CONCURRENCY": str(settings.WEB_CONCURRENCY),
        "WEB_THREADS": str(settings.WEB_THREADS),
        "PATH": os.pathsep.join([tools, os.environ.get("PATH", os.defpath)]),
        "PYTHONUNBUFFERED": "1",
    }


def bracketed(host: str) -> str:
    """Return `host` as it stands before a port: IPv6 addresses are in brackets there."""
    return f"[{host}]" if ":" in host and not host.startswith("[") else host


def refuse_taken_port(host: str, port: int, command: str) -> None:
    """Exit with advice if nothing can listen at `host` and `port`; `command` was typed."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listener.bind((host.strip("[]"), port))
        except OSError as exc:
            where = f"{bracketed(host)}:{port}"
            sys.exit(
                f"Daybook cannot listen at {where} ({exc.strerror}). {_advice(exc, port, command)}"
            )


def _advice(error: OSError, port: int, command: str) -> str:
    if error.errno in (errno.EADDRINUSE, errno.EACCES):
        other = port + 1 if 1024 <= port < 65_535 else 8000
        return f"Choose another port: PORT={other} {command}"
    return "Set HOST to an address of this machine, such as 127.0.0.1, or 0.0.0.0 for all of them."


def main(command: str = "make run") -> int:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "project.settings")
    refuse_taken_port(settings.HOST, settings.PORT, command)
    procfile = parse_procfile((settings.BASE_DIR / "Procfile").read_text())
    processes = Together(
        procfile.processes,
        env=environment(),
        cwd=settings.BASE_DIR,
        # Threads that do not stop are waited for, and then child processes.
        patience=settings.SHUTDOWN_GRACE + 2 * settings.SCHEDULING_STOP_GRACE + MARGIN,
    )
    host = bracketed(settings.HOST)
    host = "localhost" if host in ("0.0.0.0", "[::]") else host  # noqa: S104
    processes.say(f"Daybook is at http://{host}:{settings.PORT}/ (Ctrl-C ends it)")
    return processes.run()


if __name__ == "__main__":
    with plain_errors():
        sys.exit(main())
