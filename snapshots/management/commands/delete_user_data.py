from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from django.contrib.auth import get_user_model
from django.core.management.base import BaseCommand, CommandError

from snapshots.belongings.erasing import CannotErase, count_doomed, erase, files_of


class Command(BaseCommand):
    help = (
        "Delete what belongs to a user: accounts with their credentials, snapshots, flows and "
        "uploads, runs for them, API tokens. His jobs are paused. He himself stays."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("user", help="Username.")
        parser.add_argument("--confirm", default="", help="The username once more.")
        parser.add_argument("--dry-run", action="store_true", help="Only count, delete nothing.")

    def handle(self, *, user: str, confirm: str, dry_run: bool, **options: Any) -> None:
        owner = get_user_model()._default_manager.filter(username=user).first()
        if owner is None:
            raise CommandError(f"There is no user {user!r}.")
        if not dry_run and confirm != user:
            raise CommandError(
                f"This cannot be undone. Look with --dry-run, save with export_portfolio, then "
                f"say it once more: --confirm {user}"
            )
        files = files_of(owner)
        try:
            counts = count_doomed(owner) if dry_run else erase(owner)
        except CannotErase as exc:
            raise CommandError(str(exc)) from exc
        self.stdout.write("Would delete:" if dry_run else "Deleted:")
        for kind, count in counts.items():
            self.stdout.write(f"  {kind.replace('_', ' '):<24}{count:>10,}")
        if files:
            self.stdout.write(f"Left where they are, under DATA_DIR: {', '.join(files)}.")
        rows = sum(counts.values()) - counts["jobs_paused"]
        verb = "would be" if dry_run else "are"
        said = f"{rows:,} rows of {user} {verb} deleted, {counts['jobs_paused']} job(s) paused."
        self.stdout.write(self.style.SUCCESS(said))
