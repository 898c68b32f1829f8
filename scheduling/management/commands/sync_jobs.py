from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError

from scheduling.defaults import sync_default_jobs


class Command(BaseCommand):
    help = "Create the jobs that the code ships with, and bring up to date what nobody edited."

    def handle(self, **options: Any) -> None:
        synced = sync_default_jobs()
        for done, keys in (
            ("Created", synced.created), ("Updated", synced.updated), ("Kept", synced.kept)
        ):  # fmt: skip
            if keys:
                self.stdout.write(f"{done}: {', '.join(keys)}")
        if not (synced.created or synced.updated or synced.kept or synced.errors):
            self.stdout.write("No installed app ships a job.")
        if synced.errors:
            faults = "\n".join(f"  {key}: {error}" for key, error in synced.errors.items())
            raise CommandError(f"These jobs cannot be written as the code has them:\n{faults}")
