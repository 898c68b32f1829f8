from __future__ import annotations

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.contrib.auth import get_user_model
from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from snapshots.belongings.exporting import CannotExport, Form, export_belongings


class Command(BaseCommand):
    help = (
        "Write all that belongs to a user to files, without any credential: accounts, snapshots "
        "with their parts, positions, reviews and revisions, flows, uploads, settings."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("user", help="Username.")
        parser.add_argument(
            "--directory", type=Path, required=True, help="Made if it is not there."
        )
        parser.add_argument("--format", dest="form", choices=["json", "csv"], default="json")

    def handle(self, *, user: str, directory: Path, form: Form, **options: Any) -> None:
        owner = get_user_model()._default_manager.filter(username=user).first()
        if owner is None:
            raise CommandError(f"There is no user {user!r}.")
        try:
            counts = export_belongings(owner, directory, form, now=timezone.now())
        except CannotExport as exc:
            raise CommandError(str(exc)) from exc
        for kind, count in counts.items():
            self.stdout.write(f"  {kind.replace('_', ' '):<24}{count:>10,}")
        said = f"{sum(counts.values()):,} rows in {len(counts)} files are in {directory}."
        self.stdout.write(self.style.SUCCESS(said))
