from __future__ import annotations

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError

from prices.candle_files.fields import InvalidFile
from prices.keyed_files import read_rates
from prices.store import write_rates


class Command(BaseCommand):
    help = (
        "Store the exchange rates of a CSV file with the columns "
        "base_currency, quote_currency, at, rate, source, and kind (official, implied)."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", type=Path)

    def handle(self, *, file: Path, **options: Any) -> None:
        try:
            written = write_rates(read_rates(file))
        except InvalidFile as exc:
            raise CommandError(str(exc)) from exc
        except ValidationError as exc:
            raise CommandError(f"{file}: {' '.join(exc.messages)}") from exc
        said = f"{written.new} new, {written.changed} changed, {written.unchanged} unchanged."
        self.stdout.write(self.style.SUCCESS(said))
