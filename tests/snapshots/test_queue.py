from __future__ import annotations

from datetime import timedelta

from django.test import TestCase

from snapshots.models import HourlyBudget
from snapshots.models.queue import DatabaseQueue
from snapshots.sources.base import BudgetSpent, SourceUnavailable
from tests.prices.venues.surroundings import Clock

MINUTE = timedelta(minutes=1)


class QueueTests(TestCase):
    def setUp(self):
        self.clock = Clock()
        self.queue = DatabaseQueue(self.clock.chance)

    def take(self, count=1, per_hour=20):
        numbers = []
        for _ in range(count):
            with self.queue.turn("cointracking_api", "mark", per_hour=per_hour) as number:
                numbers.append(number)
        return numbers

    def test_numbers_rise_also_if_the_clock_goes_back(self):
        first = self.take()
        self.clock.time -= timedelta(seconds=100)

        second = self.take()

        self.assertLess(first, second)

    def test_no_turn_is_left_when_all_of_the_hour_are_taken(self):
        self.take(20)

        with self.assertRaisesMessage(BudgetSpent, "takes 20 calls an hour"):
            self.take()

    def test_an_hour_after_the_first_call_there_is_one_again(self):
        start = self.clock.time
        self.take(20)
        self.clock.time = start + timedelta(hours=1)

        self.take()

        with self.assertRaises(BudgetSpent):
            self.take()

    def test_calls_are_a_second_apart(self):
        start = self.clock.time

        self.take(3)

        self.assertGreaterEqual(self.clock.time - start, timedelta(seconds=2))

    def test_a_larger_budget_takes_more(self):
        self.assertEqual(len(self.take(60, per_hour=60)), 60)

    def test_a_turn_whose_holder_died_is_free_after_a_while(self):
        budget = HourlyBudget.objects.shared(source="cointracking_api", key="mark")
        budget.take(self.clock.now(), per_hour=20, pace=timedelta(seconds=1))
        with self.assertRaisesMessage(SourceUnavailable, "no turn was free for 98 s"):
            self.take()

        self.clock.time += MINUTE

        self.assertEqual(len(self.take()), 1)

    def test_a_run_that_is_tried_again_outlasts_the_turn_of_its_dead_worker(self):
        budget = HourlyBudget.objects.shared(source="cointracking_api", key="mark")
        budget.take(self.clock.now(), per_hour=20, pace=timedelta(seconds=1))
        self.clock.time += timedelta(seconds=25)

        self.assertEqual(len(self.take()), 1)

    def test_a_clock_that_was_ahead_blocks_nobody(self):
        self.clock.time += timedelta(days=300)
        self.take(20)
        self.clock.time -= timedelta(days=300)

        self.assertEqual(len(self.take(20)), 20)

    def test_a_ban_is_for_everybody(self):
        self.queue.ban("cointracking_api", "mark", self.clock.now() + MINUTE, "Blocked.")

        with self.assertRaisesMessage(SourceUnavailable, "Blocked."):
            self.take()
        self.clock.time += 2 * MINUTE
        self.take()
