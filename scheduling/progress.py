"""How far a run is, as one line of a terminal."""

from __future__ import annotations

import shutil
from typing import TextIO

from scheduling.models import Run

WIDTH = 30  # characters of the bar
CLEAR = "\r\x1b[K"


class ProgressLine:
    """Draws the progress of a run over and over on one line; in a pipe or a file it is silent."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self._is_shown = stream.isatty()
        self._drawn = ""

    def show(self, run: Run) -> None:
        line = line_of(run.progress) if run.is_open else ""
        if self._is_shown and line != self._drawn:
            self._drawn = line
            room = shutil.get_terminal_size().columns - 1
            self._write(f"{CLEAR}{line[:room]}\r")  # a line of the log overwrites it

    def clear(self) -> None:
        if self._drawn:
            self._drawn = ""
            self._write(CLEAR)

    def _write(self, text: str) -> None:
        self._stream.write(text)
        self._stream.flush()


def line_of(progress: object) -> str:
    """Return `[#######.......] 110 of 244  BTC/KRW`."""
    if not isinstance(progress, dict):
        return ""
    done, total, message = (progress.get(name) for name in ("done", "total", "message"))
    if not total:
        return f"{done}  {message}".rstrip()
    filled = min(WIDTH, WIDTH * int(done or 0) // int(total))
    return f"[{'#' * filled}{'.' * (WIDTH - filled)}] {done} of {total}  {message}".rstrip()
