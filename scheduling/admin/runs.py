from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.http import HttpRequest

from scheduling.admin.run_list import RunList
from scheduling.admin.run_page import RunPage
from scheduling.admin.run_verbs import RunVerbs
from scheduling.models import Run


@admin.register(Run)
class RunAdmin(RunList, RunPage, RunVerbs):
    """The run history: read-only, but for the verbs of a run."""

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False
