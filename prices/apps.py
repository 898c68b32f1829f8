from __future__ import annotations

from django.apps import AppConfig
from django.core.checks import register

from scheduling.findings import register_finder


class PricesConfig(AppConfig):
    name = "prices"

    def ready(self) -> None:
        from prices import checks

        register(checks.check_exchanges, "prices")
        register_finder("prices.findings.find", permission="prices.view_instrument")
