from __future__ import annotations

from django.apps import AppConfig
from django.core.checks import Tags, register


class VaultConfig(AppConfig):
    name = "vault"

    def ready(self) -> None:
        from vault import checks

        register(checks.check_keys, Tags.security)
        register(checks.check_stored_values, Tags.database)
