from __future__ import annotations

from pathlib import Path

from prices.keyed_files import read_rates
from prices.management.importing import ImportCommand
from prices.store import Written, write_rates


class Command(ImportCommand):
    help = (
        "Store the exchange rates of a CSV file with the columns "
        "base_currency, quote_currency, at, rate, source, and kind (official, implied)."
    )

    def store(self, file: Path) -> Written:
        return write_rates(read_rates(file))
