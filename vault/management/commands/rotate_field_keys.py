from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from vault.exceptions import KeysUnusable
from vault.rotation import rotate

MOST_NAMED = 20  # values that cannot be read, in a message


class Command(BaseCommand):
    help = (
        "Encrypt all secrets under the first of FIELD_ENCRYPTION_KEYS. Put a new key in front, "
        "restart, rotate, and only then take the old one away."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--dry-run", action="store_true", help="Only count, write nothing.")
        parser.add_argument(
            "--forget-unreadable",
            action="store_true",
            help="Set to nothing what no key can read, where its field allows it.",
        )

    def handle(self, *, dry_run: bool, forget_unreadable: bool, **options: Any) -> None:
        try:
            rotated = rotate(dry_run=dry_run, forget_unreadable=forget_unreadable)
        except KeysUnusable as exc:
            raise CommandError(str(exc)) from exc
        would = "would be " if dry_run else ""
        self.stdout.write(
            f"Secrets: {rotated.renewed} {would}encrypted under the first key, "
            f"{rotated.unchanged} were already, {rotated.forgotten} {would}forgotten."
        )
        if rotated.unreadable:
            named = ", ".join(rotated.unreadable[:MOST_NAMED])
            raise CommandError(
                f"{len(rotated.unreadable)} cannot be read: {named}. Add the key that encrypted "
                "them; if it is lost, use --forget-unreadable."
            )
