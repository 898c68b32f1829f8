"""What a person at a terminal sees instead of a traceback."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager

from django.db import InterfaceError, OperationalError

from project.environment import InvalidSetting


@contextmanager
def plain_errors() -> Iterator[None]:
    """End the program with a line, if what is at fault in the block is not its code."""
    try:
        yield
    except InvalidSetting as exc:
        sys.exit(f"Daybook cannot start. {exc}")
    except (InterfaceError, OperationalError) as exc:
        if "--traceback" in sys.argv:
            raise
        sys.exit(f"The database does not answer, or lacks migrations: {' '.join(str(exc).split())}")
