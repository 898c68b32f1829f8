from __future__ import annotations

import sys
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from django.test import TestCase

from prices.demo.upbit import UpbitServer
from prices.gate import NEVER_HELD, PATIENCE, DatabaseGate
from prices.models import Budget, Circuit
from prices.models.circuit import FIRST_BAN, LONGEST_BAN
from prices.venues.base import Banned, RateLimited
from tests.installation import Installation
from tests.prices.venues.surroundings import NOW, Clock

SECOND = timedelta(seconds=1)
LIMIT = 10  # calls a second that Upbit takes


class GateTests(TestCase):
    def setUp(self):
        self.clock = Clock()
        self.oversleep: list[float] = []  # s, of one time each

    def gate(self, key: str = "") -> DatabaseGate:
        pace = {"candles": 4.0, "market": 4.0}
        return DatabaseGate("upbit", key, pace, replace(self.clock.chance, sleep=self.sleep))

    def sleep(self, seconds: float) -> None:
        self.clock.sleep(seconds + (self.oversleep.pop() if self.oversleep else 0))

    def passing(self, gates: list[DatabaseGate], group: str = "candles") -> list[float]:
        """Return the seconds after which each of the gates has let somebody pass."""
        begun, passed = self.clock.now(), []
        for gate in gates:
            gate.pass_through(group)
            passed.append((self.clock.now() - begun).total_seconds())
        return passed

    def test_turns_of_all_who_call_come_at_one_pace(self):
        self.assertEqual(self.passing([self.gate() for _ in range(4)]), [0, 0.25, 0.5, 0.75])

    def test_time_without_calls_is_not_saved_up(self):
        self.gate().pass_through("candles")
        self.clock.time += 60 * SECOND

        self.assertEqual(self.passing([self.gate()] * 3), [0, 0.25, 0.5])

    def test_groups_and_keys_have_turns_of_their_own(self):
        self.gate().pass_through("candles")

        self.assertEqual(self.passing([self.gate()], "market"), [0])
        self.assertEqual(self.passing([self.gate("another")]), [0])

    def test_a_hold_is_for_everybody(self):
        self.gate().pass_through("candles")
        self.gate().hold("candles", NOW + 3 * SECOND)

        self.assertEqual(self.passing([self.gate(), self.gate()]), [3, 3.25])

    def test_a_turn_that_is_too_far_off_is_refused(self):
        until = NOW + PATIENCE + SECOND
        self.gate().hold("candles", until)

        with self.assertRaises(RateLimited) as limited:
            self.gate().pass_through("candles")

        self.assertEqual(limited.exception.until, until)
        self.assertEqual(self.clock.slept, 0)

    def test_what_a_clock_that_was_ahead_has_written_holds_nobody(self):
        self.gate().hold("candles", NOW + NEVER_HELD + SECOND)

        self.assertEqual(self.passing([self.gate()]), [0])

    def test_a_turn_that_was_overslept_is_not_used(self):
        self.gate().pass_through("candles")
        self.oversleep = [0.2]

        self.assertEqual(self.passing([self.gate()]), [0.85])

        self.assertEqual(Budget.objects.get().taken, 3)

    def test_a_machine_that_oversleeps_each_turn_gives_up(self):
        self.gate().pass_through("candles")
        self.oversleep = [0.2] * 1000

        with self.assertRaisesMessage(RateLimited, "too busy"):
            self.gate().pass_through("candles")

    def test_a_row_that_somebody_deleted_is_written_again(self):
        gate = self.gate()
        gate.pass_through("candles")
        Budget.objects.all().delete()

        self.assertEqual(self.passing([gate]), [0])


class BanTests(TestCase):
    def setUp(self):
        self.clock = Clock()
        self.gate = DatabaseGate("upbit", "", {"candles": 8.0, "market": 8.0}, self.clock.chance)

    def test_a_ban_closes_all_groups_until_it_is_over(self):
        until = self.gate.ban(NOW + 30 * SECOND, "upbit answered 418")
        for group in ("candles", "market"):
            with self.assertRaisesMessage(Banned, "before 2026-03-11 14:41:29Z: upbit answered"):
                self.gate.pass_through(group)
        self.clock.time = until

        self.gate.pass_through("candles")

        self.assertEqual(Budget.objects.get(group="candles").taken, 1)

    def test_another_key_is_not_banned(self):
        self.gate.ban(NOW + 30 * SECOND, "418")

        DatabaseGate("upbit", "another", {"candles": 8.0}, self.clock.chance).pass_through(
            "candles"
        )

    def test_bans_without_a_length_grow_within_a_day(self):
        lengths = []
        for _ in range(9):
            lengths.append(self.gate.ban(None, "418") - self.clock.now())
            self.clock.time += lengths[-1]

        self.assertEqual(lengths[:3], [FIRST_BAN, 2 * FIRST_BAN, 4 * FIRST_BAN])
        self.assertEqual(lengths[-1], LONGEST_BAN)

    def test_a_day_without_a_ban_makes_the_next_one_short_again(self):
        self.gate.ban(None, "418")
        self.gate.ban(None, "418")
        self.clock.time += timedelta(days=2)

        self.assertEqual(self.gate.ban(None, "418"), self.clock.now() + FIRST_BAN)

    def test_calls_that_were_on_their_way_count_as_one_ban(self):
        self.gate.ban(None, "the first")
        self.gate.ban(None, "another")

        circuit = Circuit.objects.get()

        self.assertEqual((circuit.bans, circuit.reason), (1, "the first"))
        self.assertEqual(circuit.open_until, NOW + FIRST_BAN)


@pytest.mark.parametrize("threads", [8])
def test_two_processes_never_make_more_calls_than_the_venue_takes(
    installation: Installation, threads: int
) -> None:
    with UpbitServer(limit=LIMIT) as server:
        command = (sys.executable, "-m", "tests.prices.calling", "upbit", str(threads), "3")
        programs = [installation.launch(command, UPBIT_URL=server.url) for _ in range(2)]
        for program in programs:
            program.wait_for("24 candles", seconds=60)

        arrived = [request.at for request in server.requests]

    assert len(arrived) == 48
    assert server.refused == 0
    assert most_in_a_second(arrived) <= LIMIT


def most_in_a_second(instants: list[float]) -> int:
    """Return how many there are in the busiest second, wherever it begins."""
    return max(sum(start <= one < start + 1 for one in instants) for start in instants)


def test_a_ban_of_one_process_keeps_another_from_calling(installation: Installation) -> None:
    now = datetime.now(UTC)
    Circuit.objects.break_open(
        venue="upbit", key="", now=now, until=now + timedelta(minutes=1), reason="418"
    )
    with UpbitServer() as server:
        command = (sys.executable, "-m", "tests.prices.calling", "upbit", "1", "1")
        installation.launch(command, UPBIT_URL=server.url).wait_for("Banned", seconds=30)

        assert server.requests == []
