from __future__ import annotations

from argparse import ArgumentParser, ArgumentTypeError
from datetime import date
from typing import Any

from scheduling.models import Run
from snapshots.management.running import JobCommand


class Command(JobCommand):
    help = (
        "Write ends of past days that are missing, as their source tells of them afterwards: of "
        "accounts of cointracking_api and saxo_api. Again changes nothing."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--user", help="Only accounts of this one: name or id.")
        parser.add_argument("--account", type=int, help="Only this one, by its number.")
        parser.add_argument(
            "--from",
            dest="first_day",
            metavar="DAY",
            type=_day,
            help="Such as 2025-01-01. Without: a year.",
        )
        parser.add_argument(
            "--to",
            dest="last_day",
            metavar="DAY",
            type=_day,
            help="This day included. Without: yesterday.",
        )
        parser.add_argument("--dry-run", action="store_true", help="Only ask and count.")

    def handle(self, *, dry_run: bool, **options: Any) -> None:
        account = options["account"]
        params = {
            "user_id": options["user"],
            "account": None if account is None else str(account),
            "first_day": _text(options["first_day"]),
            "last_day": _text(options["last_day"]),
            "dry_run": dry_run,
        }
        run = self.run_job("backfill_snapshots", params, origin=Run.Origin.BACKFILL)
        result = run.result or {}
        if run.status == Run.Status.DEGRADED:
            self.stderr.write(self.style.WARNING(run.reason))
            result = result["result"]
        self._tell(result)

    def _tell(self, result: dict[str, Any]) -> None:
        did = "Would write" if result["dry_run"] else "Wrote"
        for one in result["accounts"]:
            flows = one["flows"]
            came = f"; flows: {flows['added']} new, {flows['known']} known" if flows else ""
            self.stdout.write(
                f"{one['account']}, {one['from']} to {one['to']}: {_counts(did, one)}{came}."
            )
            for note in one["notes"]:
                self.stdout.write(self.style.WARNING(note))
        self.stdout.write(self.style.SUCCESS(f"{_counts(did, result)}."))


def _counts(did: str, counts: dict[str, Any]) -> str:
    """Return `Wrote 360 (2 in place of missed); unchanged 0; left alone 5 (3 accepted, …)`."""
    line = f"{did} {counts['written']:,}"
    if counts.get("replaced"):
        line += f" ({_list(counts['replaced'])} before)"
    line += f"; unchanged {counts['unchanged']:,}; left alone {sum(counts['left'].values()):,}"
    return f"{line} ({_list(counts['left'])})" if counts["left"] else line


def _list(counts: dict[str, int]) -> str:
    return ", ".join(f"{count:,} {name}" for name, count in counts.items())


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise ArgumentTypeError(f"{text!r} is no date. Write it as 2026-03-02.") from None


def _text(day: date | None) -> str | None:
    return None if day is None else day.isoformat()
