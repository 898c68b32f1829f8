"""Rows that are written by runs and never by hand."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest


class History:
    """Beside a ModelAdmin or an inline: who may view the rows may do no more."""

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False
