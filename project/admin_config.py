"""Django's admin, whose pages are loaded by who serves or checks them."""

from __future__ import annotations

from collections.abc import Sequence
from importlib import import_module
from typing import Any

from django.apps import AppConfig
from django.conf import settings
from django.contrib.admin.apps import SimpleAdminConfig
from django.contrib.admin.checks import check_admin_app, check_dependencies
from django.core.checks import CheckMessage, Tags, register


class PagesOnDemand(SimpleAdminConfig):
    """The admin without its pages, which take 20 MB: schedulers and their children serve none."""

    def ready(self) -> None:
        """Register the checks of the admin, as the parent does, but for pages that are there."""
        register(check_dependencies, Tags.admin)
        register(check_pages, Tags.admin)


def check_pages(app_configs: Sequence[AppConfig] | None, **options: Any) -> list[CheckMessage]:
    import_module(settings.ROOT_URLCONF)  # loads them
    return check_admin_app(app_configs, **options)
