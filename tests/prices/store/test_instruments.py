from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from django.test import TestCase

from prices.models import Fundamentals, Instrument, InstrumentAlias
from prices.store import Collected, write_instruments
from prices.venues.base import ListedInstrument, VenueFundamentals
from tests.prices.factories import NOON, make_candle

TODAY = NOON.date()
TOMORROW = TODAY + timedelta(days=1)


def listed(venue_id: str, **overrides: Any) -> ListedInstrument:
    values: dict[str, Any] = {
        "venue_id": venue_id,
        "market": "KRW",
        "symbol": f"{venue_id}/KRW",
        "name": venue_id,
        "kind": "crypto",
        "quote_currency": "KRW",
    }
    return ListedInstrument(**(values | overrides))


def many(count: int, **overrides: Any) -> list[ListedInstrument]:
    return [listed(f"{number:06}", **overrides) for number in range(count)]


class WriteInstrumentsTests(TestCase):
    def write(
        self, items: Sequence[ListedInstrument], today: date = TODAY, **options: Any
    ) -> Collected:
        return write_instruments("upbit", items, now=NOON, today=today, **options)

    def get(self, venue_id: str) -> Instrument:
        return Instrument.objects.get(venue="upbit", venue_id=venue_id)

    def test_adds_what_is_new(self):
        collected = self.write([listed("005930", warnings=("caution",), listed_on=TODAY)])

        self.assertEqual(collected, Collected(added=1))
        instrument = self.get("005930")
        self.assertEqual((instrument.state, instrument.warnings), ("trading", ["caution"]))
        self.assertEqual((instrument.listed_on, instrument.last_listed_at), (TODAY, NOON))

    def test_updates_nothing_the_second_time(self):
        self.write(many(3))

        self.assertEqual(self.write(many(3)), Collected(unchanged=3))

    def test_new_instruments_of_tracked_markets_are_tracked_until_people_say_otherwise(self):
        items = [listed("000000"), listed("000001", market="BTC")]
        self.write(items, tracked_markets=["KRW"])
        tracked = [self.get("000000").is_tracked, self.get("000001").is_tracked]
        Instrument.objects.update(is_tracked=False)

        self.write(items, tracked_markets=["KRW"])

        self.assertEqual(tracked, [True, False])
        self.assertFalse(self.get("000000").is_tracked)

    def test_updates_what_changed(self):
        self.write(many(3))

        collected = self.write([listed("000000", name="New", is_halted=True), *many(3)[1:]])

        self.assertEqual(collected, Collected(updated=1, unchanged=2))
        self.assertEqual((self.get("000000").name, self.get("000000").state), ("New", "halted"))

    def test_delists_softly(self):
        self.write(many(20))
        make_candle(self.get("000019"))

        collected = self.write(many(18), TOMORROW)

        self.assertEqual(collected, Collected(unchanged=18, delisted=2))
        gone = self.get("000019")
        self.assertEqual((gone.state, gone.delisted_on), ("delisted", TOMORROW))
        self.assertEqual(gone.candles.count(), 1)

    def test_delists_once(self):
        self.write(many(20))
        self.write(many(19), TODAY)

        collected = self.write(many(19), TOMORROW)

        self.assertEqual(collected, Collected(unchanged=19))
        self.assertEqual(self.get("000019").delisted_on, TODAY)

    def test_refuses_to_delist_more_than_a_tenth(self):
        self.write(many(20))

        collected = self.write(many(17))

        self.assertEqual(collected, Collected(unchanged=17, refused=3))
        self.assertFalse(Instrument.objects.filter(state="delisted").exists())

    def test_delists_the_one_that_a_small_market_lacks(self):
        self.write(many(3))

        self.assertEqual(self.write(many(2)), Collected(unchanged=2, delisted=1))

    def test_refuses_an_empty_list(self):
        self.write(many(1))

        self.assertEqual(self.write([]), Collected(refused=1))

    def test_judges_each_market_by_itself(self):
        others = [listed(f"B{number}", market="BTC") for number in range(100)]
        self.write([*many(10), *others])

        collected = self.write([*many(5), *others])

        self.assertEqual(collected.refused, 5)

    def test_leaves_markets_alone_that_the_list_does_not_name(self):
        self.write([*many(2), listed("B", market="BTC")])

        self.assertEqual(self.write(many(2)), Collected(unchanged=2))

    def test_leaves_other_venues_alone(self):
        write_instruments("kis", many(2), now=NOON, today=TODAY)

        self.assertEqual(self.write(many(1)), Collected(added=1))

    def test_lists_again_what_comes_back(self):
        self.write(many(20))
        self.write(many(19))

        collected = self.write(many(20), TOMORROW)

        self.assertEqual(collected, Collected(updated=1, unchanged=19))
        self.assertEqual(
            (self.get("000019").state, self.get("000019").delisted_on), ("trading", None)
        )

    def test_renames_and_remembers_the_id_of_old(self):
        self.write([listed("KRW-OLD")])
        before = self.get("KRW-OLD")

        collected = self.write([listed("KRW-NEW")], renamed={"KRW-OLD": "KRW-NEW"})

        self.assertEqual(collected, Collected(renamed=1, updated=1))
        self.assertEqual(self.get("KRW-NEW").pk, before.pk)
        alias = InstrumentAlias.objects.get(venue_id="KRW-OLD")
        self.assertEqual((alias.instrument, alias.renamed_on), (before, TODAY))

    def test_renames_nothing_onto_another_instrument(self):
        self.write([listed("A"), listed("B")])

        collected = self.write([listed("A"), listed("B")], renamed={"A": "B", "C": "D"})

        self.assertEqual(collected, Collected(unchanged=2))

    def test_keeps_fundamentals_with_their_date(self):
        said = VenueFundamentals(market_cap=Decimal("169200000000"), roe=Decimal("-4.97"))
        self.write([listed("A", fundamentals=said), listed("B")], TODAY)
        self.write([listed("A", fundamentals=VenueFundamentals()), listed("B")], TOMORROW)

        first, second = Fundamentals.objects.order_by("stated_on")
        self.assertEqual((first.instrument.venue_id, first.roe), ("A", Decimal("-4.97")))
        self.assertEqual((second.stated_on, second.roe), (TOMORROW, None))

    def test_takes_the_last_word_of_a_day_for_fundamentals(self):
        for roe in ("1", "2"):
            said = VenueFundamentals(roe=Decimal(roe))
            self.write([listed("A", fundamentals=said)])

        self.assertEqual(Fundamentals.objects.get().roe, 2)
