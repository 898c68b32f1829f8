from __future__ import annotations

from django.apps import AppConfig

from scheduling.findings import register_finder


class SnapshotsConfig(AppConfig):
    name = "snapshots"

    def ready(self) -> None:
        register_finder("snapshots.findings.find", permission="snapshots.view_account")
