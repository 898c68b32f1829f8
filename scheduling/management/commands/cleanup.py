from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from scheduling.retention.cleaning import clean_up, count_expired
from scheduling.retention.expiry import Limits

DAYS = 36_500
LIMITS = {
    "run_days": ("Days that runs are kept.", DAYS),
    "failure_days": ("Days that runs are kept that failed, timed out or were lost.", DAYS),
    "log_days": ("Days that log lines and artifacts of the other runs are kept.", DAYS),
    "runs_per_job": ("Failures of a job that are kept, and as many of its other runs.", 10**9),
}


class Command(BaseCommand):
    help = (
        "Delete old runs with their logs and artifacts, a few at a time. Runs that have not ended "
        "and the newest run of each job stay. The job cleanup_old_data does it every night."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        for name, (meaning, _) in LIMITS.items():
            default = f"Default: CLEANUP_{name.upper()}."
            parser.add_argument(option_of(name), type=int, help=f"{meaning} {default}")
        parser.add_argument("--dry-run", action="store_true", help="Only count, delete nothing.")

    def handle(self, *, dry_run: bool, **options: Any) -> None:
        for name, (_, most) in LIMITS.items():
            if options[name] is not None and not 1 <= options[name] <= most:
                raise CommandError(f"{option_of(name)} must be from 1 to {most}.")
        limits = Limits.of_settings(**{name: options[name] for name in LIMITS})
        counts = (count_expired if dry_run else clean_up)(limits, now=timezone.now())
        self.stdout.write("Would delete:" if dry_run else "Deleted:")
        for kind, count in counts.items():
            self.stdout.write(f"  {kind.replace('_', ' '):<24}{count:>10}")


def option_of(name: str) -> str:
    return f"--{name.replace('_', '-')}"
