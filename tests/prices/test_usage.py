from __future__ import annotations

from datetime import timedelta

from django.test import TestCase

from prices import usage
from prices.gate import DatabaseGate
from prices.models import BudgetUse
from scheduling.context import RunInfo, running
from tests.prices.venues.surroundings import NOW, Clock

HOUR = timedelta(hours=1)


def run_of(job: str) -> RunInfo:
    return RunInfo(
        id=1, job_key=job, task="tests.talk", origin="manual", attempt=1,
        scheduled_at=NOW, owner_id=None, requested_by_id=None,
    )  # fmt: skip


def counted() -> list[tuple[str, str, int]]:
    rows = BudgetUse.objects.order_by("hour", "group", "job")
    return [(use.group, use.job, use.calls) for use in rows]


class UsageTests(TestCase):
    def setUp(self) -> None:
        self.clock = Clock()
        self.gate = DatabaseGate("upbit", "", {"candles": 8.0, "market": 8.0}, self.clock.chance)

    def test_calls_are_counted_for_the_job_that_makes_them_when_its_run_ends(self):
        with running(run_of("hourly")):
            for group in ("candles", "candles", "market"):
                self.gate.pass_through(group)
            self.assertEqual(counted(), [])

        self.assertEqual(counted(), [("candles", "hourly", 2), ("market", "hourly", 1)])

    def test_what_others_have_counted_is_added_to(self):
        for job in ("hourly", "daily", "hourly"):
            with running(run_of(job)):
                self.gate.pass_through("candles")

        self.assertEqual(counted(), [("candles", "daily", 1), ("candles", "hourly", 2)])

    def test_a_long_run_is_counted_while_it_lasts(self):
        with running(run_of("hourly")):
            self.gate.pass_through("candles")
            self.gate.pass_through("candles")
            usage._BY_RUN[1].since -= usage.EVERY
            self.gate.pass_through("candles")
            self.assertEqual(counted(), [("candles", "hourly", 2)])

        self.assertEqual(counted(), [("candles", "hourly", 3)])

    def test_a_call_outside_of_a_run_is_nobodys(self):
        self.gate.pass_through("candles")

        self.assertEqual(counted(), [("candles", "", 1)])

    def test_hours_are_counted_apart_and_forgotten_after_a_month(self):
        for now in (NOW - 32 * 24 * HOUR, NOW, NOW + HOUR):
            usage.count_call("upbit", "", "candles", now)

        self.assertEqual(counted(), [("candles", "", 1), ("candles", "", 1)])
