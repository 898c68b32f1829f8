from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from prices.management.running import RunCommand


class Command(RunCommand):
    help = "Store what exchanges list now: adds, updates, renames, and delists softly."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--exchange",
            help="all, or names with commas between: upbit,kis. Default: those of the job.",
        )

    def handle(self, *, exchange: str | None, **options: Any) -> None:
        result = self.run_job("collect_symbols", {"exchange": exchange})
        for venue, counts in result["exchanges"].items():
            total = sum(counts[name] for name in ("added", "updated", "unchanged"))
            self.stdout.write(
                self.style.SUCCESS(
                    f"{venue} lists {total:,} instruments: {counts['added']:,} new, "
                    f"{counts['updated']:,} changed ({counts['renamed']:,} renamed), "
                    f"{counts['unchanged']:,} unchanged, {counts['delisted']:,} delisted."
                )
            )
