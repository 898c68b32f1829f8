from __future__ import annotations

from typing import Any

from django.db import migrations


def insert_the_one_row(apps: Any, schema_editor: Any) -> None:
    apps.get_model("scheduling", "Change").objects.get_or_create(pk=1)


class Migration(migrations.Migration):
    """Insert the row whose number wakes schedulers on SQLite."""

    dependencies = [("scheduling", "0001_initial")]  # noqa: RUF012
    operations = [  # noqa: RUF012
        migrations.RunPython(insert_the_one_row, migrations.RunPython.noop),
    ]
