"""How long the scenarios last: short in every test run, long in `make chaos`."""

from __future__ import annotations

import os

IS_LONG = os.environ.get("CHAOS") == "long"
SECONDS = 60 if IS_LONG else 6  # of schedulers that come and go
OUTAGE = 20.0 if IS_LONG else 2.5  # s that a database is away
LOCKED = 10.0 if IS_LONG else 2.5  # s that rows are locked
LEASE = 30.0 if IS_LONG else 3.0  # s
HEARTBEAT = 5.0 if IS_LONG else 1.0  # s
SWEEP = 2.0 if IS_LONG else 0.5  # s
MARGIN = 3.0  # s for two busy cores
PATIENCE = LEASE + 30.0  # s until a test gives up waiting

ENV = {
    "SCHEDULING_LEASE": str(LEASE),
    "SCHEDULING_HEARTBEAT": str(HEARTBEAT),
    "SCHEDULING_SWEEP": str(SWEEP),
}
