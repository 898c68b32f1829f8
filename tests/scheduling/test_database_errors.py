from __future__ import annotations

from django.db import IntegrityError, InterfaceError, OperationalError

from scheduling.database_errors import DatabaseErrors


def test_only_what_the_database_is_to_blame_for_counts() -> None:
    errors = DatabaseErrors()

    for exc in (OperationalError(), InterfaceError(), IntegrityError(), ValueError()):
        errors.note(exc)

    assert errors.count == 3
