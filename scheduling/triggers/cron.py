"""Fire at wall times, as cron does."""

from __future__ import annotations

from datetime import datetime

from apscheduler.triggers import cron

from scheduling.triggers.base import Trigger
from scheduling.triggers.crontab import Crontab, read_crontab
from scheduling.triggers.spec import TriggerSpec
from scheduling.triggers.wall_clock import OffsetChange, next_elapsed, next_on_wall
from scheduling.triggers.zones import read_zone


class CronTrigger(Trigger, cron.CronTrigger):
    """Fire at the wall times of a cron expression, with cron's own meaning of it."""

    def __init__(self, spec: TriggerSpec) -> None:
        """Read the spec. Raise InvalidTrigger if its expression or zone cannot be read."""
        self.spec = spec.in_utc()
        self.timezone = read_zone(spec.timezone)
        self.crontab: Crontab = read_crontab(spec.expression)
        # What APScheduler's own class holds, for whoever reads it.
        self.start_date, self.end_date = self.spec.start_at, self.spec.end_at
        self.fields: list[object] = []
        self.jitter = None

    def _next_after(self, instant: datetime) -> datetime | None:
        search = next_on_wall if self.crontab.once_per_wall_time else next_elapsed
        return search(instant, self.timezone, self.crontab.at_or_after)

    def _wall_in(self, gap: OffsetChange) -> datetime | None:
        if not self.crontab.once_per_wall_time:
            return None
        wall = self.crontab.at_or_after(gap.start)
        return wall if wall is not None and wall < gap.end else None
