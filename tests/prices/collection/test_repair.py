from __future__ import annotations

import io
from itertools import chain
from itertools import repeat as for_ever
from unittest import mock

import pytest
from django.core.management import CommandError, call_command

from prices.collection import repair as repairing
from prices.collection.filling import rest_after
from prices.models import Candle, Coverage, Instrument
from prices.store import forget
from prices.store.series import Series
from prices.venues.base import NotOffered
from prices.venues.upbit import Upbit
from scheduling.engine.inline import run_here
from scheduling.models import Job, Run
from tests.factories import make_job
from tests.prices.collection.case import DAY, HOUR, CollectionTestCase
from tests.prices.factories import make_candle


class RepairTests(CollectionTestCase):
    def setUp(self) -> None:
        super().setUp()
        make_job(key="repair_gaps", task="prices.repair_gaps", overlap="queue")
        for days in (4, 0):  # two days each, and two days between them
            self.collect(at=self.now - days * DAY, symbols=["upbit:*"], days_back=2)
        self.server.requests.clear()

    def repair(self) -> Run:
        return run_here(Job.objects.get(key="repair_gaps").trigger())

    def backfills(self) -> list[Run]:
        return [run_here(run) for run in Run.objects.filter(origin="backfill").order_by("id")]

    def test_finds_what_is_missing_and_requests_a_run_that_fills_it(self):
        found = self.repair()
        (filled,) = self.backfills()

        self.assertEqual((found.result["gaps"], found.result["candles"]), (6, 6 * 47))
        self.assertEqual(found.result["requested"], [filled.pk])
        self.assertEqual((filled.status, filled.result["new"]), ("succeeded", 6 * 47))
        self.assertEqual(self.repair().result["gaps"], 0)
        self.assertEqual(Coverage.objects.count(), 6)

    def test_what_is_missing_at_the_end_is_for_the_next_collection(self):
        Coverage.objects.filter(starts_at__gt=self.now - 3 * DAY).delete()

        self.assertEqual(self.repair().result["gaps"], 0)

    def test_a_series_that_was_forgotten_is_torn_from_its_first_candle_on(self):
        series = Series(self.instrument(), "1h")
        forget(series)
        self.collect(at=self.now, symbols=["KRW-BTC"], days_back=1)

        torn = {gap.series.instrument.venue_id: gap.candles for gap in repairing.gaps_within()}

        self.assertEqual(torn.pop("KRW-BTC"), 5 * 24)
        self.assertEqual(set(torn.values()), {47})

    def test_a_delisted_instrument_is_left_alone(self):
        Instrument.objects.update(state="delisted", delisted_on=self.now.date())

        self.assertEqual(self.repair().result["gaps"], 0)

    def test_no_run_is_requested_while_one_waits(self):
        Job.objects.filter(key="repair_gaps").update(overlap="allow", max_instances=5)
        self.repair()

        self.assertEqual(self.repair().result["requested"], [])

    def test_what_is_left_when_time_is_up_is_for_a_further_run(self):
        self.repair()
        at_the_third_look = chain([0.0, 0.0, 0.0], for_ever(1e9))
        with mock.patch.object(repairing, "monotonic", side_effect=at_the_third_look):
            (first,) = self.backfills()

        self.assertEqual((first.status, first.result["left"]), ("succeeded", 5))
        self.assertEqual(len(first.result["requested"]), 1)

    def test_what_a_venue_tells_no_more_is_lost_and_no_failure(self):
        self.repair()

        with mock.patch.object(Upbit, "candles", side_effect=NotOffered("Only its newest.")):
            (filled,) = self.backfills()

        self.assertEqual((filled.status, filled.result["lost"]), ("succeeded", 6))
        self.assertEqual(filled.result["gaps"], 6)


@pytest.mark.parametrize(
    ("took", "share", "rest"), [(0.02, 0.25, 0.375), (1.0, 0.25, 3.0), (1.0, 1.0, 0.0)]
)
def test_a_backfill_rests_for_longer_than_it_calls(took: float, share: float, rest: float) -> None:
    assert rest_after(took, share, calls_per_second=8.0) == pytest.approx(rest)


class ListGapsTests(CollectionTestCase):
    def listed(self, *args: str) -> str:
        output = io.StringIO()
        call_command("list_gaps", *args, stdout=output)
        return output.getvalue()

    def test_lists_each_with_its_candles(self):
        for days in (4, 0):
            self.collect(at=self.now - days * DAY, symbols=["upbit:*"], days_back=2)

        said = self.listed("--symbols", "BTC/KRW", "--interval", "1h")

        self.assertIn("upbit:KRW-BTC", said)
        self.assertIn("1 gaps, 47 candles. The job repair_gaps has them filled.", said)

    def test_says_that_there_are_none(self):
        make_candle(interval="1h", opened_at=self.now - HOUR)

        self.assertEqual(self.listed(), "No gaps.\n")
        self.assertEqual(Candle.objects.count(), 1)

    def test_an_unknown_symbol_is_refused(self):
        with self.assertRaisesMessage(CommandError, "No instrument is called 'XYZ'."):
            self.listed("--symbols", "XYZ")
