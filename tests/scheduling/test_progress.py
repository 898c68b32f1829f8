from __future__ import annotations

import io

import pytest

from scheduling.models import Run
from scheduling.progress import ProgressLine, line_of


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def running(done: int) -> Run:
    return Run(status="running", progress={"done": done, "total": 4, "message": "BTC/KRW"})


@pytest.mark.parametrize(
    ("progress", "line"),
    [
        (None, ""),
        ({"done": 0, "total": 4, "message": ""}, f"[{'.' * 30}] 0 of 4"),
        ({"done": 2, "total": 4, "message": "BTC"}, f"[{'#' * 15}{'.' * 15}] 2 of 4  BTC"),
        ({"done": 7, "total": None, "message": "so far"}, "7  so far"),
    ],
)
def test_a_line_says_how_much_is_done(progress: object, line: str) -> None:
    assert line_of(progress) == line


def test_a_terminal_shows_each_change_once_and_is_clean_at_the_end() -> None:
    terminal = Terminal()
    line = ProgressLine(terminal)

    for done in (1, 1, 2):
        line.show(running(done))
    line.clear()

    assert terminal.getvalue().count("1 of 4") == 1
    assert terminal.getvalue().endswith("2 of 4  BTC/KRW\r\r\x1b[K")


def test_a_pipe_gets_nothing() -> None:
    pipe = io.StringIO()

    ProgressLine(pipe).show(running(1))

    assert pipe.getvalue() == ""
