"""Forms that ask for an instant say in which time zone."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.db import models
from django.http import HttpRequest


class TellsZone:
    """Beside a ModelAdmin: what is typed into its fields of times is on the admin's clock."""

    def formfield_for_dbfield(self, db_field: Any, request: HttpRequest, **options: Any) -> Any:
        field = super().formfield_for_dbfield(db_field, request, **options)  # type: ignore[misc]
        if field and isinstance(db_field, models.DateTimeField):
            field.help_text = f"{field.help_text} On the clock of {settings.TIME_ZONE}.".strip()
        return field
