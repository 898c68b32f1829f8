from __future__ import annotations

from django.apps import AppConfig
from django.core.checks import register
from django.utils.module_loading import autodiscover_modules


class SchedulingConfig(AppConfig):
    name = "scheduling"
    verbose_name = "Scheduling"

    def ready(self) -> None:
        from scheduling import checks

        register(checks.check_options, checks.TAG)
        register(checks.check_sqlite, checks.TAG)
        autodiscover_modules("tasks")
