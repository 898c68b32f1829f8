"""System checks: keys that are none, and secrets that no key can read."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.apps import AppConfig
from django.conf import settings
from django.core.checks import CheckMessage, Error
from django.db import connections, router

from vault.exceptions import CannotDecrypt
from vault.keys import HOW_TO_MAKE, fault_of
from vault.rotation import EncryptedField, encrypted_fields
from vault.secret import Secret

MOST_READ = 1000  # values of a field, the newest ones


def check_keys(app_configs: Sequence[AppConfig] | None, **kwargs: Any) -> list[CheckMessage]:
    """Find keys that cannot encrypt."""
    fault = fault_of(getattr(settings, "FIELD_ENCRYPTION_KEYS", ()))
    if not fault:
        return []
    hint = f"Write one or more, with commas between them. Make one with: {HOW_TO_MAKE}"
    return [Error(f"FIELD_ENCRYPTION_KEYS: {fault}", hint=hint, id="vault.E001")]


def check_stored_values(
    app_configs: Sequence[AppConfig] | None, databases: Sequence[str] | None = None, **kwargs: Any
) -> list[CheckMessage]:
    """Find secrets that were encrypted under a key which is not there any more."""
    if fault_of(getattr(settings, "FIELD_ENCRYPTION_KEYS", ())):
        return []  # check_keys says so
    errors: list[CheckMessage] = []
    for one in encrypted_fields():
        if router.db_for_read(one.model) not in (databases or ()):
            continue
        unreadable = _unreadable(one)
        if unreadable:
            errors.append(
                Error(
                    f"{one}: {len(unreadable)} of its secrets cannot be read, such as that of "
                    f"row {unreadable[0]}.",
                    hint="Add the key that encrypted them to FIELD_ENCRYPTION_KEYS. If it is lost, "
                    "`manage.py rotate_field_keys --forget-unreadable` sets them to nothing.",
                    id="vault.E002",
                )
            )
    return errors


def _unreadable(one: EncryptedField) -> list[Any]:
    """Return the primary keys of rows; none if there is no such table or column yet."""
    if not _is_migrated(one):
        return []
    rows = one.rows.order_by("-pk").values_list("pk", "stored")[:MOST_READ]
    return [key for key, stored in rows if not _is_readable(stored)]


def _is_migrated(one: EncryptedField) -> bool:
    table = one.model._meta.db_table
    connection = connections[router.db_for_read(one.model)]
    with connection.cursor() as cursor:
        if table not in connection.introspection.table_names(cursor):
            return False
        columns = connection.introspection.get_table_description(cursor, table)
    return one.column in {column.name for column in columns}


def _is_readable(stored: str) -> bool:
    try:
        Secret.from_stored(stored).is_current()
    except CannotDecrypt:
        return False
    return True
