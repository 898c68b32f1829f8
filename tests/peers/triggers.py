"""The triggers of both: pure functions, without a process."""

from __future__ import annotations

from abc import ABC, abstractmethod
from datetime import UTC, datetime, timedelta
from typing import Any, ClassVar
from zoneinfo import ZoneInfo

from apscheduler.job import Job
from apscheduler.schedulers.background import BackgroundScheduler
from apscheduler.triggers.cron import CronTrigger
from apscheduler.triggers.interval import IntervalTrigger

from scheduling.triggers import DueTimes, TriggerSpec, build_trigger

CAP = 100  # SCHEDULING_CATCH_UP_CAP


class Triggers(ABC):
    """Counts fire times.

    A `trigger` is whatever cron() and every() return.
    """

    name: ClassVar[str]

    @abstractmethod
    def cron(self, expression: str, timezone: str = "UTC") -> Any: ...

    @abstractmethod
    def every(
        self, step: timedelta, start: datetime, *, timezone: str = "UTC", jitter: int = 0
    ) -> Any: ...

    @abstractmethod
    def next_after(self, trigger: Any, instant: datetime) -> datetime:
        """Return the fire time after `instant`, which was the one before or is none."""

    @abstractmethod
    def due(self, trigger: Any, first: datetime, now: datetime) -> list[datetime]:
        """Return the fire times that the scheduler lists in order to make one run of all."""

    def fire_times(self, trigger: Any, after: datetime, count: int) -> list[datetime]:
        found: list[datetime] = []
        for _ in range(count):
            after = self.next_after(trigger, after)
            found.append(after)
        return found


class DaybookTriggers(Triggers):
    name = "Daybook"

    def cron(self, expression: str, timezone: str = "UTC") -> Any:
        return build_trigger(TriggerSpec("cron", expression, timezone))

    def every(
        self, step: timedelta, start: datetime, *, timezone: str = "UTC", jitter: int = 0
    ) -> Any:
        expression = f"{step.days}d" if step.days else f"{step.seconds}s"
        return build_trigger(
            TriggerSpec("interval", expression, timezone, jitter_seconds=jitter, anchor_at=start)
        )

    def next_after(self, trigger: Any, instant: datetime) -> datetime:
        found: datetime = trigger.next_after(instant)
        return found

    def due(self, trigger: Any, first: datetime, now: datetime) -> list[datetime]:
        return list(DueTimes.since(first, trigger, now, coalesce=True, cap=CAP).times)


class ApschedulerTriggers(Triggers):
    name = "django-apscheduler"

    def cron(self, expression: str, timezone: str = "UTC") -> Any:
        return CronTrigger.from_crontab(expression, timezone)

    def every(
        self, step: timedelta, start: datetime, *, timezone: str = "UTC", jitter: int = 0
    ) -> Any:
        return IntervalTrigger(
            seconds=int(step.total_seconds()),
            start_date=start.astimezone(ZoneInfo(timezone)),
            timezone=timezone,
            jitter=jitter or None,
        )

    def next_after(self, trigger: Any, instant: datetime) -> datetime:
        found: datetime = trigger.get_next_fire_time(instant, instant)
        return found

    def due(self, trigger: Any, first: datetime, now: datetime) -> list[datetime]:
        job = Job(
            BackgroundScheduler(timezone=UTC), id="job", func=print, args=(), kwargs={},
            trigger=trigger, executor="default", name="job", misfire_grace_time=None,
            coalesce=True, max_instances=1, next_run_time=first,
        )  # fmt: skip
        return list(job._get_run_times(now))
