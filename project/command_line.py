"""What a person at a terminal sees instead of a traceback."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager

from django.db import InterfaceError, OperationalError

from project.environment import InvalidSetting

CUT_SHORT = 141  # exit code; a shell reports the same of a program that ends by SIGPIPE


@contextmanager
def plain_errors() -> Iterator[None]:
    """End the program with a line, if what is at fault in the block is not its code.

    If nobody reads its output any more, as after `| head`, there is no line to write.
    """
    try:
        yield
    except BrokenPipeError:
        sys.exit(CUT_SHORT)
    except InvalidSetting as exc:
        sys.exit(f"Daybook cannot start. {exc}")
    except (InterfaceError, OperationalError) as exc:
        if "--traceback" in sys.argv:
            raise
        sys.exit(f"The database does not answer, or lacks migrations: {' '.join(str(exc).split())}")
    finally:
        _flush()


def _flush() -> None:
    """Write what is left of the output. Python would do so later, with a traceback."""
    try:
        if sys.stdout:
            sys.stdout.flush()
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
