"""Death at a chosen moment: the process kills itself as `kill -9` would.

CHAOS_FAILPOINT=<what>:<when>
what  tick     the transaction that writes runs of due jobs
      claim    the one that takes runs
      outcome  the one that ends runs
when  before   its commit, its statements being done
      after    its commit
"""

from __future__ import annotations

import os
import signal
from collections.abc import Callable
from typing import Any

from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.backends.signals import connection_created

# By what no rewriting of the engine can do without: the table and its columns.
STATEMENTS = {
    "tick": ("INSERT INTO", "SCHEDULING_RUN", "SCHEDULED_AT"),
    "claim": ("UPDATE", "SCHEDULING_RUN", "STARTED_AT", "ATTEMPT"),
    "outcome": ("UPDATE", "SCHEDULING_RUN", "TRACEBACK"),
}


class Failpoint:
    def __init__(self, what: str, when: str) -> None:
        self._what = what
        self._when = when
        self._armed: set[int] = set()  # connections whose transaction did it

    def watch(self, connection: BaseDatabaseWrapper, **kwargs: Any) -> None:
        """Look at each statement and commit of a new connection."""
        connection.execute_wrappers.append(self._execute)
        commit = connection._commit  # type: ignore[attr-defined]
        connection._commit = lambda: self._commit(connection, commit)  # type: ignore[attr-defined]

    def _execute(
        self, execute: Callable[..., Any], sql: str, params: Any, many: bool, context: Any
    ) -> Any:
        result = execute(sql, params, many, context)
        if all(word in str(sql).upper() for word in STATEMENTS[self._what]):
            connection = context["connection"]
            if connection.in_atomic_block:
                self._armed.add(id(connection))
            elif self._when == "after" and self._has_effect(connection):
                die()
        return result

    def _commit(self, connection: BaseDatabaseWrapper, commit: Callable[[], None]) -> None:
        is_armed = id(connection) in self._armed and self._has_effect(connection)
        self._armed.discard(id(connection))
        if is_armed and self._when == "before":
            die()
        commit()
        if is_armed:
            die()

    def _has_effect(self, connection: BaseDatabaseWrapper) -> bool:
        """Tell whether it was more than a look whether there is something to claim."""
        if self._what != "claim":
            return True
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1 FROM scheduling_run WHERE status = 'running'")
            return cursor.fetchone() is not None


def install(failpoint: str) -> None:
    what, _, when = failpoint.partition(":")
    connection_created.connect(Failpoint(what, when).watch, weak=False, dispatch_uid="chaos")


def die() -> None:
    os.kill(os.getpid(), signal.SIGKILL)
