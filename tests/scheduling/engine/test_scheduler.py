from __future__ import annotations

from datetime import timedelta
from threading import Event
from unittest.mock import patch

import pytest
from apscheduler.schedulers.base import STATE_RUNNING
from django.db import OperationalError
from django.test import TestCase

from scheduling.database_errors import database_errors
from scheduling.engine import scheduler as scheduler_module
from scheduling.engine.scheduler import Scheduler
from scheduling.models import Run
from scheduling.options import Options
from tests.factories import NOW, make_job

DUE = NOW + timedelta(minutes=15)


class TickTests(TestCase):
    def setUp(self) -> None:
        self.fired = Event()
        self.now = DUE
        self.scheduler = Scheduler(
            on_fired=self.fired.set, options=Options(batch=20), clock=lambda: self.now
        )
        self.scheduler.state = STATE_RUNNING

    def tick(self) -> float | None:
        with patch.object(scheduler_module, "close_old_connections"):  # the test's own
            return self.scheduler._process_jobs()

    def test_tells_the_worker_of_new_runs(self) -> None:
        make_job(now=NOW)

        self.tick()

        assert self.fired.is_set()

    def test_sleeps_until_the_next_fire_time(self) -> None:
        make_job(now=NOW, trigger_expression="2 * * * * *")
        self.now = NOW

        assert self.tick() == pytest.approx(2.0)

    def test_never_sleeps_longer_than_the_limit(self) -> None:
        make_job(now=NOW, trigger_expression="0 0 1 1 *")

        assert self.tick() == Options().max_sleep

    def test_fires_more_jobs_than_a_batch_holds_in_one_go(self) -> None:
        for _ in range(75):
            make_job(now=NOW)

        self.tick()

        assert Run.objects.count() == 75

    def test_survives_a_database_that_is_away_and_says_so(self) -> None:
        error = OperationalError("server closed the connection")
        with (
            patch.object(scheduler_module, "next_fire_time", side_effect=error),
            patch.object(scheduler_module, "connection"),
            self.assertLogs("scheduling.engine.scheduler", "ERROR"),
        ):
            waits = [self.tick(), self.tick(), self.tick()]

        assert waits == [0.2, 0.5, 1.0]
        assert "server closed the connection" in self.scheduler.trouble

    def test_counts_how_often_the_database_failed(self) -> None:
        before = database_errors.count

        self.test_survives_a_database_that_is_away_and_says_so()

        assert database_errors.count == before + 3

    def test_is_healthy_again_when_the_database_is_back(self) -> None:
        self.test_survives_a_database_that_is_away_and_says_so()

        self.tick()

        assert (self.scheduler.trouble, self.scheduler.last_tick_at) == ("", DUE)
