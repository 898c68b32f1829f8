from __future__ import annotations

from django.db import connection
from django.test import SimpleTestCase, override_settings

from scheduling.checks import check_options, check_sqlite


class CheckTests(SimpleTestCase):
    databases = {"default"}

    def ids(self) -> list[str | None]:
        return [message.id for message in check_options(None)]

    def test_the_defaults_are_fine(self) -> None:
        assert self.ids() == []

    @override_settings(SCHEDULING_LEASE=8.0, SCHEDULING_HEARTBEAT=5.0)
    def test_a_heartbeat_that_does_not_keep_the_lease_is_an_error(self) -> None:
        assert self.ids() == ["scheduling.E001"]

    @override_settings(SCHEDULING_MAX_SLEEP=16.0, SCHEDULING_HEARTBEAT=5.0)
    def test_an_alarm_that_comes_before_the_next_tick_is_an_error(self) -> None:
        assert self.ids() == ["scheduling.E004"]

    def test_what_must_be_one_at_least_may_not_be_none(self) -> None:
        for name in ("THREADS", "PROCESSES", "BATCH", "CATCH_UP_CAP", "QUEUE_CAP"):
            with self.subTest(name), self.settings(**{f"SCHEDULING_{name}": 0}):
                assert self.ids() == ["scheduling.E002"]

    @override_settings(SCHEDULING_SWEEP=31.0)
    def test_a_sweep_that_comes_after_the_lease_is_an_error(self) -> None:
        assert self.ids() == ["scheduling.E005"]

    def test_an_old_sqlite_is_an_error_where_it_is_the_database(self) -> None:
        found = [message.id for message in check_sqlite(None, version=(3, 31, 0))]

        assert found == (["scheduling.E003"] if connection.vendor == "sqlite" else [])
        assert check_sqlite(None, version=(3, 40, 0)) == []
