from __future__ import annotations

import io
import signal
from unittest import mock

import pytest
from django.core.management import CommandError, call_command

from prices.demo.upbit import UpbitServer, maintenance_page
from prices.models import Candle, Coverage
from scheduling.models import Job, Run
from scheduling.progress import ProgressLine
from tests.factories import make_job, make_run
from tests.installation import Installation
from tests.prices.collection.case import CollectionTestCase

TASKS = {
    "collect_symbols": ("collect_symbols", {"exchange": "upbit"}),
    "collect_price_data": ("collect_price_data", {}),
    "ohlcv_daily": ("update_price_history", {}),
    "ohlcv_hourly": ("update_price_history", {"incremental": True, "interval": "1h"}),
}


def make_jobs() -> None:
    for key, (task, params) in TASKS.items():
        make_job(key=key, task=f"prices.{task}", params=params)


class CommandTests(CollectionTestCase):
    def setUp(self) -> None:
        super().setUp()
        make_jobs()

    def manage(self, *args: str) -> str:
        self.errors, output = io.StringIO(), io.StringIO()
        call_command(*args, stdout=output, stderr=self.errors)
        return output.getvalue()

    def test_collect_symbols_counts_what_came_of_them(self):
        self.assertEqual(
            self.manage("collect_symbols", "--exchange", "upbit"),
            "upbit lists 6 instruments: 6 new, 0 changed (0 renamed), 0 unchanged, 0 delisted.\n",
        )
        self.assertIn("0 new, 0 changed (0 renamed), 6 unchanged", self.manage("collect_symbols"))

    def test_collect_price_data_counts_what_came_of_them(self):
        command = ("collect_price_data", "--exchange", "upbit", "--days-back", "30")

        first = self.manage(*command)

        self.assertEqual(
            first,
            "6 instruments. Candles: 186 new, 0 changed, 0 unchanged. Gaps: 0. Failed: 0.\n",
        )
        self.assertIn("Nothing was written: all of it was there.", self.manage(*command))
        self.assertEqual({run.origin for run in Run.objects.all()}, {"manual"})

    def test_update_price_history_takes_the_interval_of_its_job(self):
        self.manage("collect_symbols")
        self.manage("update_price_history", "--symbols", "KRW-BTC", "--days-back", "2")

        self.manage("update_price_history", "--incremental", "--symbols", "KRW-BTC")

        intervals = Candle.objects.order_by("interval").values_list("interval", flat=True)
        self.assertEqual(list(intervals.distinct()), ["1d", "1h"])

    def test_a_run_that_was_lost_is_finished_first_where_no_scheduler_does_it(self):
        self.manage("collect_symbols")
        job = Job.objects.get(key="collect_price_data")
        make_run(
            job, attempt=1, params={"exchange": "upbit", "days_back": 3}, scheduled_at=self.now
        )

        said = self.manage("collect_price_data", "--exchange", "upbit", "--days-back", "3")

        self.assertIn("it is run again first. It is tried again at 2", self.errors.getvalue())
        self.assertIn("Nothing was written", said)
        self.assertEqual({run.status for run in job.runs.all()}, {"succeeded"})

    def test_ctrl_c_cancels_the_run(self):
        stopped = mock.patch.object(ProgressLine, "show", side_effect=KeyboardInterrupt)

        with stopped, self.assertRaisesMessage(CommandError, "was cancelled; what it wrote stays."):
            self.manage("collect_price_data", "--exchange", "upbit")

        self.assertEqual(Run.objects.get().status, "cancelled")

    def test_an_attempt_that_failed_says_when_the_next_is(self):
        Job.objects.update(max_attempts=3, backoff_seconds=0)
        self.server.reply_instead(maintenance_page())

        self.manage("collect_symbols", "--exchange", "upbit")

        self.assertIn("Attempt 1 of 3 failed: upbit /v1/market/all answ", self.errors.getvalue())
        self.assertIn(". It is tried again at 2", self.errors.getvalue())

    def test_what_failed_is_named(self):
        self.server.broken = frozenset({"KRW-XRP"})

        said = self.manage("collect_price_data", "--exchange", "upbit")

        self.assertIn("Gaps: 1. Failed: 1.", said)
        self.assertIn("upbit:KRW-XRP: upbit /v1/candles/days answered 500", self.errors.getvalue())
        self.assertIn("degraded. These alone: --symbols upbit:KRW-XRP\n", self.errors.getvalue())

    def test_wrong_arguments_say_what_would_be_right(self):
        for args, said in (
            (("--days-back", "0"), "--days-back: Input should be greater than or equal to 1."),
            (("--interval", "2h"), "invalid choice: '2h'"),
            (("--exchange", ","), "--exchange: Name an exchange, or write all."),
            (("--exchange", "upbeat"), "There is no venue 'upbeat'. Did you mean"),
            (("--exchange", "upbit", "--market", "KOSPI"), "no market 'KOSPI'. Known: KRW."),
        ):
            with self.subTest(args), self.assertRaisesMessage(CommandError, said):
                self.manage("collect_price_data", *args)


@pytest.mark.django_db(transaction=True)
def test_a_collection_that_was_killed_is_completed_by_the_next(installation: Installation) -> None:
    make_jobs()
    window = ("--interval", "1h", "--days-back", "30")
    with UpbitServer(markets=3) as server:
        program = installation.start("collect_price_data", *window, UPBIT_URL=server.url)
        while len(server.requests) < 8:
            assert program.poll() is None
        program.send_signal(signal.SIGKILL)
        program.wait()
        kept = Candle.objects.count()

        # The run of the killed one is not lost yet; that of another job need not wait for it.
        installation.manage("update_price_history", *window, UPBIT_URL=server.url)

        asked = len(server.requests)

    assert 0 < kept < Candle.objects.count() == 3 * 721
    assert Coverage.objects.count() == 3
    assert asked <= 1 + 3 * 4 + 3 * 2  # the list, the pages, and what was on its way
