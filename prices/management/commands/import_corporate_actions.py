from __future__ import annotations

from pathlib import Path

from prices.keyed_files import read_corporate_actions
from prices.management.importing import ImportCommand
from prices.store import Written, write_corporate_actions


class Command(ImportCommand):
    help = (
        "Store the corporate actions of a CSV file with the columns "
        "instrument, kind, effective_at, price_factor, source, and volume_factor."
    )

    def store(self, file: Path) -> Written:
        return write_corporate_actions(read_corporate_actions(file))
