from __future__ import annotations

from datetime import timedelta

from django.test import TestCase

from scheduling.engine.silence import Silence
from scheduling.models import Worker
from tests.factories import NOW, make_running_run, make_worker

SECOND = timedelta(seconds=1)
YEARS = timedelta(days=3652)


class SilenceTests(TestCase):
    """Of a process that came to watch at NOW; the lease is 30 s, two heartbeats are 10 s."""

    def setUp(self) -> None:
        self.passed = 0.0
        self.silence = Silence(
            own_id=0, lease=30 * SECOND, beat=10 * SECOND, watch=lambda: self.passed
        )

    def dead_after(self, seconds: float) -> list[Worker]:
        self.passed = seconds
        return self.silence.look(NOW + timedelta(seconds=seconds))

    def beats(self, worker: Worker, seconds: float) -> None:
        worker.heartbeat_at += timedelta(seconds=seconds)
        worker.save()

    def test_a_worker_is_dead_when_the_lease_is_over(self) -> None:
        worker = make_worker(heartbeat_at=NOW)

        assert self.dead_after(0) == self.dead_after(29) == []
        assert self.dead_after(31) == [worker]

    def test_one_that_died_before_is_watched_for_two_heartbeats(self) -> None:
        worker = make_worker(heartbeat_at=NOW - 60 * SECOND)

        assert self.dead_after(0) == self.dead_after(9) == []
        assert self.dead_after(10) == [worker]

    def test_a_heartbeat_in_the_future_keeps_nobody_alive(self) -> None:
        worker = make_worker(heartbeat_at=NOW + YEARS)

        assert self.dead_after(0) == self.dead_after(29) == []
        assert self.dead_after(30) == [worker]

    def test_a_worker_lives_as_long_as_its_heartbeat_moves_whatever_its_clock_says(self) -> None:
        behind, ahead = make_worker(heartbeat_at=NOW - YEARS), make_worker(heartbeat_at=NOW + YEARS)

        for seconds in range(0, 60, 5):
            assert self.dead_after(seconds) == []
            self.beats(behind, 5)
            self.beats(ahead, 5)

    def test_one_that_said_good_bye_is_dead_only_if_it_left_runs(self) -> None:
        long_ago = NOW - 60 * SECOND
        make_worker(heartbeat_at=long_ago, stopped_at=long_ago)
        left = make_worker(heartbeat_at=long_ago, stopped_at=long_ago)
        make_running_run(left)

        self.dead_after(0)

        assert self.dead_after(10) == [left]

    def test_a_process_does_not_bury_itself(self) -> None:
        worker = make_worker(heartbeat_at=NOW)
        silence = Silence(own_id=worker.pk, lease=SECOND, beat=SECOND, watch=lambda: self.passed)

        silence.look(NOW)
        self.passed = 60.0

        assert silence.look(NOW + 60 * SECOND) == []
