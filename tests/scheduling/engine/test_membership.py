from __future__ import annotations

import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from django.test import TransactionTestCase

from scheduling.engine.membership import Membership, Vitals
from scheduling.models import Worker
from scheduling.registry import registry

EVERY = 0.1  # s


def wait_for(happened: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 10
    while not happened():
        assert time.monotonic() < deadline, "It did not happen within 10 s."
        time.sleep(0.01)


class MembershipTests(TransactionTestCase):
    def join(self, **values: object) -> Membership:
        membership = Membership(is_scheduler=True, capacity=22, every=EVERY, **values)  # type: ignore[arg-type]
        membership.join()
        self.addCleanup(membership.leave)
        return membership

    def test_a_process_registers_with_the_tasks_of_its_code(self) -> None:
        self.join()

        worker = Worker.objects.get()
        assert (worker.capacity, worker.is_scheduler) == (22, True)
        assert worker.tasks == registry.all_names()

    def test_a_heartbeat_tells_the_last_tick_and_its_trouble(self) -> None:
        tick = datetime(2026, 3, 2, tzinfo=UTC)
        self.join(vitals=lambda: Vitals(tick, trouble="locked", database_errors=7))

        wait_for(lambda: Worker.objects.get().trouble == "locked")

        worker = Worker.objects.get()
        assert (worker.last_tick_at, worker.database_errors) == (tick, 7)

    def test_a_worker_that_was_taken_for_dead_is_alive_again(self) -> None:
        self.join()
        Worker.objects.update(stopped_at=datetime.now(UTC))

        wait_for(lambda: Worker.objects.get().stopped_at is None)

    def test_a_process_that_leaves_says_so(self) -> None:
        membership = self.join()

        membership.leave()

        assert Worker.objects.get().stopped_at is not None

    def test_a_new_process_does_not_call_others_dead_at_once(self) -> None:
        membership = self.join()

        assert not membership.is_steady()
        wait_for(membership.is_steady)

    def test_a_worker_whose_row_was_deleted_registers_again(self) -> None:
        membership = self.join()
        Worker.objects.all().delete()

        wait_for(lambda: Worker.objects.filter(pk=membership.worker_id).exists())

    def test_a_jump_of_the_clock_is_alarmed_and_postpones_funerals(self) -> None:
        offset = timedelta(0)
        membership = self.join(clock=lambda: datetime.now(UTC) + offset)
        wait_for(membership.is_steady)

        with self.assertLogs("scheduling.engine.membership", "ERROR") as logs:
            offset = timedelta(days=3652)
            assert not membership.is_steady()
            wait_for(lambda: bool(logs.output))

        assert "The clock jumped by 3155328" in logs.output[0]
