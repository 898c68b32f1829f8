"""The engine's knobs, read from Django's settings when they are needed."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from django.conf import settings


def _setting(name: str, default: Any) -> Any:
    return field(default_factory=lambda: getattr(settings, name, default))


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """Each knob with its unit and default."""

    threads: int = _setting("SCHEDULING_THREADS", 20)  # runs at once in threads
    processes: int = _setting("SCHEDULING_PROCESSES", 4)  # runs at once in child processes
    # MB that a child process may allocate, 0: no limit
    process_memory_mb: int = _setting("SCHEDULING_PROCESS_MEMORY_MB", 2048)
    batch: int = _setting("SCHEDULING_BATCH", 500)  # due jobs locked in one transaction
    lease: float = _setting("SCHEDULING_LEASE", 30.0)  # s without heartbeat until runs are lost
    heartbeat: float = _setting("SCHEDULING_HEARTBEAT", 5.0)  # s between heartbeats
    sweep: float = _setting("SCHEDULING_SWEEP", 2.0)  # s between looks for lost runs
    poll: float = _setting("SCHEDULING_POLL", 0.05)  # s between looks for changes on SQLite
    max_sleep: float = _setting("SCHEDULING_MAX_SLEEP", 5.0)  # s between ticks at the most
    catch_up_cap: int = _setting("SCHEDULING_CATCH_UP_CAP", 100)  # runs of one job after downtime
    queue_cap: int = _setting("SCHEDULING_QUEUE_CAP", 100)  # runs of one job waiting their turn
    log_lines: int = _setting("SCHEDULING_LOG_LINES", 10_000)  # log lines kept of one run
    flush: float = _setting("SCHEDULING_FLUSH", 0.01)  # s in which outcomes are written together
    stop_grace: float = _setting("SCHEDULING_STOP_GRACE", 2.0)  # s for a thread told to stop
    tick_alarm: float = _setting("SCHEDULING_TICK_ALARM", 20.0)  # s without a tick: not healthy
    shutdown_grace: float = _setting("SHUTDOWN_GRACE", 30.0)  # s for running runs at the end
