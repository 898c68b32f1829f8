"""Commands that store what a CSV file of keyed rows says."""

from __future__ import annotations

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError

from prices.candle_files.fields import InvalidFile
from prices.store import Written


class ImportCommand(BaseCommand):
    """Read a file and store all of it, or nothing."""

    def store(self, file: Path) -> Written:
        """Store what the file says. Raise InvalidFile or ValidationError, and store nothing."""
        raise NotImplementedError

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", type=Path)

    def handle(self, *, file: Path, **options: Any) -> None:
        try:
            written = self.store(file)
        except InvalidFile as exc:
            raise CommandError(str(exc)) from exc
        except ValidationError as exc:
            raise CommandError(f"{file}: {' '.join(exc.messages)}") from exc
        said = f"{written.new} new, {written.changed} changed, {written.unchanged} unchanged."
        self.stdout.write(self.style.SUCCESS(said))
