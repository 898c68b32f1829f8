"""The last 30 days as a strip: a column for each day, and what they add up to."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta

from django.contrib.auth.models import AbstractBaseUser, AnonymousUser
from django.urls import reverse
from django.utils import timezone
from django.utils.http import urlencode

from scheduling.admin.cells import RUN_TONES
from scheduling.models import Job, Run
from scheduling.pages.times import length
from scheduling.statistics import Sums, read_statistics

TONES = ("good", "warn", "bad", "quiet")  # from the bottom up
LEAST = 6  # % of the height, for what must be seen beside thousands
WIDTH = 10


@dataclass(frozen=True, slots=True)
class Part:
    """A piece of a column; in percent of the strip's height, from the top."""

    tone: str
    top: float
    height: float


@dataclass(frozen=True, slots=True)
class Day:
    """A column of the strip, a link to the runs of its day."""

    left: int
    url: str
    tooltip: str
    parts: list[Part]


@dataclass(frozen=True, slots=True)
class Month:
    """What a page shows of the runs of the last days."""

    words: str
    days: list[Day]

    @property
    def width(self) -> int:
        return WIDTH * len(self.days)

    @classmethod
    def of(
        cls, user: AbstractBaseUser | AnonymousUser, now: datetime, job: Job | None = None
    ) -> Month:
        """Return what `user` may see of the runs of `job`, or of all."""
        statistics = read_statistics(user, now=now, job=job)
        most = max(sums.runs for sums in statistics.by_day.values())
        return cls(
            words=words_of(statistics.total),
            days=[
                Day(WIDTH * place, list_url(day, job), tooltip(day, sums), parts_of(sums, most))
                for place, (day, sums) in enumerate(statistics.by_day.items())
            ],
        )


def words_of(sums: Sums) -> str:
    """Return "1,200 runs · 99.1 % succeeded · 1.2 s on average, 90 s at most"."""
    parts = [f"{sums.runs:,} run{'' if sums.runs == 1 else 's'}"]
    if sums.success_rate is not None:  # rounded down: 100 % means that none failed
        parts.append(f"{math.floor(sums.success_rate * 1000) / 10:g} % succeeded")
    if sums.average_duration is not None and sums.longest_duration is not None:
        average, most = length(sums.average_duration), length(sums.longest_duration)
        parts.append(f"{average} on average, {most} at most")
    if sums.average_lateness is not None:
        parts.append(f"{length(sums.average_lateness)} late on average")
    return " · ".join(parts)


def tooltip(day: date, sums: Sums) -> str:
    """Return "Fri 20 Nov (UTC): 94 Succeeded, 2 Failed"."""
    counts = [
        f"{count:,} {Run.Status(name).label}" for name, count in sums.statuses.items() if count
    ]
    return f"{day:%a} {day.day} {day:%b} (UTC): {', '.join(counts) or 'no runs'}"


def parts_of(sums: Sums, most: int) -> list[Part]:
    """Stack the runs of a day; `most` is that of the day that has the most."""
    tones: Counter[str] = Counter()
    for status, count in sums.statuses.items():
        tones[RUN_TONES[Run.Status(status)]] += count
    heights = {tone: max(LEAST, 100 * tones[tone] / most) for tone in TONES if tones[tone]}
    return _stacked(heights)


def _stacked(heights: Mapping[str, float]) -> list[Part]:
    squeezed = min(1.0, 100 / sum(heights.values())) if heights else 1.0
    parts, top = [], 100.0
    for tone, height in heights.items():
        top -= height * squeezed
        parts.append(Part(tone, round(top, 2), round(height * squeezed, 2)))
    return parts


def list_url(day: date, job: Job | None) -> str:
    """Return the list of the runs of a UTC day, which its filter has in local time."""
    first = timezone.localtime(datetime.combine(day, time(), UTC))
    last = timezone.localtime(datetime.combine(day, time(), UTC) + timedelta(days=1, seconds=-1))
    query: dict[str, str | int] = {"job__id__exact": job.pk} if job else {}
    for side, at in (("from", first), ("to", last)):
        query |= {
            f"scheduled_at_{side}_0": f"{at:%Y-%m-%d}",
            f"scheduled_at_{side}_1": f"{at:%H:%M:%S}",
        }
    return f"{reverse('admin:scheduling_run_changelist')}?{urlencode(query)}"
