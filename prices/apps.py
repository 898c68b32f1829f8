from __future__ import annotations

from django.apps import AppConfig

from scheduling.findings import register_finder


class PricesConfig(AppConfig):
    name = "prices"

    def ready(self) -> None:
        register_finder("prices.findings.find", permission="prices.view_instrument")
