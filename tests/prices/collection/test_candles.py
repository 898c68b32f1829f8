from __future__ import annotations

from decimal import Decimal
from unittest import mock

from prices.collection import crew
from prices.demo.upbit import banned
from prices.models import Candle, CandleRevision, Coverage, Instrument
from prices.venues.base import floor_to
from scheduling.engine.inline import run_here
from tests.prices.collection.case import HOUR, CollectionTestCase


class CollectCandlesTests(CollectionTestCase):
    def test_collects_what_a_venue_has_and_nothing_the_second_time(self):
        first = self.collect(at=self.now)
        asked = self.requested()
        second = self.collect(at=self.now)

        counts = [{name: run.result[name] for name in ("instruments", "new", "gaps", "failed")}
                  for run in (first, second)]  # fmt: skip
        self.assertEqual(counts[0], {"instruments": 6, "new": 6 * 49, "gaps": 0, "failed": 0})
        self.assertEqual(counts[1], {"instruments": 6, "new": 0, "gaps": 0, "failed": 0})
        self.assertEqual((len(asked), second.result["complete"]), (6, 6))
        self.assertEqual(self.requested(), [])
        self.assertEqual(second.status, "succeeded")

    def test_keeps_the_candle_that_is_not_over_as_such(self):
        self.collect(at=self.now, symbols=["KRW-BTC"])

        running = Candle.objects.get(is_final=False)

        self.assertEqual(running.opened_at, floor_to(HOUR, self.now))
        self.assertEqual(Coverage.objects.get().ends_at, running.opened_at)

    def test_a_wider_window_asks_only_for_what_is_missing(self):
        self.collect(at=self.now, symbols=["KRW-BTC"])
        self.requested()

        run = self.collect(at=self.now, symbols=["KRW-BTC"], days_back=4)

        self.assertEqual((run.result["new"], run.result["unchanged"]), (48, 0))
        self.assertEqual(Coverage.objects.count(), 1)

    def test_asks_again_for_the_last_five_final_candles(self):
        self.collect(at=self.now - 10 * HOUR, symbols=["KRW-BTC"])

        run = self.collect(at=self.now, symbols=["KRW-BTC"])

        self.assertEqual((run.result["new"], run.result["unchanged"]), (10, 5))

    def test_asks_for_nothing_from_before_the_listing(self):
        self.make_listed()
        Instrument.objects.update(listed_on=self.now.date())

        run = self.collect(at=self.now, symbols=["KRW-BTC"], days_back=30)

        self.assertLessEqual(run.result["new"], 49)

    def test_a_history_that_the_venue_multiplied_is_asked_for_again_as_a_whole(self):
        self.collect(at=self.now - 10 * HOUR, symbols=["KRW-XRP"], days_back=30)
        self.server.multiplied_by = Decimal("0.02")

        run = self.collect(at=self.now, symbols=["KRW-XRP"])

        self.assertEqual((run.result["rewritten"], run.result["new"]), (1, 10))
        self.assertEqual(CandleRevision.objects.count(), 721)
        self.assertLess(max(Candle.objects.values_list("high", flat=True)), 100)  # not 2,000
        self.assertEqual(Coverage.objects.count(), 1)

    def test_a_correction_is_counted_and_keeps_what_was(self):
        self.collect(at=self.now - 10 * HOUR, symbols=["KRW-BTC"])
        last = Candle.objects.filter(is_final=True).order_by("-opened_at")[1]
        Candle.objects.filter(pk=last.pk).update(volume=Decimal(1))

        run = self.collect(at=self.now, symbols=["KRW-BTC"])

        self.assertEqual((run.result["revised"], run.result["rewritten"]), (1, 0))
        self.assertEqual(CandleRevision.objects.get().volume, Decimal(1))


class FailureTests(CollectionTestCase):
    broken = ("KRW-DOGE", "KRW-SOL", "KRW-XRP")

    def test_what_fails_is_named_and_retried_alone(self):
        self.server.broken = frozenset(self.broken)
        run = self.collect(at=self.now)
        names = [f"upbit:{code}" for code in self.broken]
        self.assertEqual((run.status, run.result["result"]["failed"]), ("degraded", 3))
        self.assertEqual([item["instrument"] for item in run.result["failed"]], [*self.broken])
        self.assertIn(f"3 of 6 instruments failed: {', '.join(names)}.", run.reason)
        self.assertEqual(run.result["result"]["gaps"], 3)
        self.server.broken = frozenset()
        self.requested()

        again = run_here(run.retry_failed())

        self.assertEqual(self.requested(), [*self.broken])
        self.assertEqual((again.status, again.result["new"]), ("succeeded", 3 * 49))

    def test_a_ban_ends_the_run_and_says_until_when(self):
        self.make_listed()
        self.server.reply_instead(*[banned("Blocked for 10 minutes.")] * 4)

        run = self.collect()
        asked = len(self.requested())
        again = self.collect()

        self.assertEqual((run.status, again.status), ("failed", "failed"))
        self.assertIn("for 10 minutes. Nobody calls it before 20", run.error)
        self.assertIn("Nobody calls upbit before 20", again.error)
        self.assertLessEqual(asked, 4)
        self.assertEqual(self.requested(), [])

    def test_a_ban_in_the_middle_names_what_was_not_tried(self):
        self.make_listed()
        with self.settings(COLLECTION_THREADS=1):
            self.collect(symbols=["KRW-BTC"])
            self.server.reply_instead(banned("Blocked for 10 minutes."))

            run = self.collect()

        errors = {item["instrument"]: item["error"] for item in run.result["failed"]}
        self.assertEqual((run.status, len(errors)), ("degraded", 5))
        self.assertEqual(sum("Not tried: " in error for error in errors.values()), 4)
        self.assertEqual(run.result["retry"], {"symbols": [f"upbit:{code}" for code in errors]})

    def test_a_venue_that_is_away_is_not_asked_for_each_instrument(self):
        self.make_listed()
        self.server.broken = frozenset(self.server.markets)

        with self.settings(COLLECTION_THREADS=1), mock.patch.object(crew, "AWAY_AFTER", 2):
            run = self.collect()

        self.assertEqual(run.status, "failed")
        self.assertIn("answered 500: Something went wrong.", run.error)
        self.assertEqual(len(set(self.requested())), 2)

    def test_what_nobody_knows_fails_for_good(self):
        self.make_listed()
        for params, said in (
            ({"symbols": ["KRW-BTX"]}, "No instrument is called 'KRW-BTX'. Did you mean 'KRW-BT"),
            ({"market": "KOSPI"}, "upbit has no market 'KOSPI'. Known: KRW."),
            ({"exchange": "upbeat"}, "There is no venue 'upbeat'. Did you mean"),
        ):
            with self.subTest(params):
                run = self.collect(**params)

                self.assertEqual(run.status, "failed")
                self.assertIn(said, run.error)
                self.assertEqual(run.traceback, "")
