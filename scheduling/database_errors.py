"""How often the database failed this process since it started."""

from __future__ import annotations

from threading import Lock

from django.db import DatabaseError, InterfaceError


class DatabaseErrors:
    """Counts; safe in threads."""

    def __init__(self) -> None:
        self.count = 0
        self._lock = Lock()

    def note(self, exc: Exception) -> None:
        """Count `exc` if the database is to blame for it."""
        if isinstance(exc, (DatabaseError, InterfaceError)):
            with self._lock:
                self.count += 1


database_errors = DatabaseErrors()
