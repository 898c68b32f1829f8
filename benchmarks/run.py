"""One measurement in a process of its own: `python -m benchmarks.run daybook burst 1000`."""

from __future__ import annotations

import json
import sys
from importlib import import_module

import django
from django.core.management import call_command

MODULES = {
    ("daybook", "candles"): "candles",
    ("daybook", "history"): "daybook_history",
    ("daybook", "portfolio"): "portfolio",
    ("apscheduler", "history"): "apscheduler_history",
}


def main() -> None:
    system, work, size = sys.argv[1:]
    django.setup()
    call_command("migrate", verbosity=0)
    measurements = import_module(f"benchmarks.{MODULES.get((system, work), system)}")
    figures = getattr(measurements, work.replace("-", "_"))(int(size))
    print(json.dumps(figures))  # noqa: T201


if __name__ == "__main__":
    main()
