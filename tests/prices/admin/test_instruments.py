from __future__ import annotations

from datetime import date, timedelta
from typing import Any

from django.urls import reverse
from django.utils import timezone

from prices import points
from prices.models import CandleRevision, CorporateAction, Fundamentals, Instrument, InstrumentAlias
from prices.store import Series, write_candles
from prices.venues.base import VenueCandle, floor_to
from tests.prices.factories import hourly_candle, make_instrument
from tests.scheduling.admin.case import AdminTestCase, staff_with

HOUR, DAY = timedelta(hours=1), timedelta(days=1)


def candles(until: Any, length: timedelta, count: int) -> list[VenueCandle]:
    return [hourly_candle(0, opened_at=until - turn * length) for turn in range(count, 0, -1)]


class InstrumentListTests(AdminTestCase):
    url = reverse("admin:prices_instrument_changelist")

    def add(self, number: int) -> Instrument:
        today = floor_to(DAY, timezone.now())
        instrument = make_instrument(venue_id=f"KRW-{number}", symbol=f"C{number}/KRW")
        if number % 2:
            asked = (today - 5 * DAY, today)
            write_candles(
                Series(instrument, "1d"), candles(today, DAY, 5), fetched_at=today, asked=asked
            )
        else:
            hour = floor_to(HOUR, timezone.now())
            write_candles(Series(instrument, "1h"), candles(hour, HOUR, 5), fetched_at=today)
        return instrument

    def test_each_row_shows_its_price_and_how_fresh_it_is(self):
        self.add(1)
        self.add(2)
        gone = self.add(3)
        Instrument.objects.filter(pk=gone.pk).update(state="delisted", delisted_on="2026-03-02")

        page = self.client.get(self.url)

        self.assertContains(page, '<svg class="db-sparkline db-good"', count=3)
        self.assertContains(page, "+0.0 % in 5 candles")
        self.assertContains(page, "1d fresh", count=1)
        self.assertContains(page, "1h fresh")
        self.assertContains(page, "Delisted")

    def test_the_page_takes_the_same_queries_for_two_rows_as_for_twenty(self):
        for number in range(2):
            self.add(number)
        self.client.get(self.url)
        for more in (0, 18):
            for number in range(100, 100 + more):
                self.add(number)
            # 1. session  2. user  3. venues and 4. markets to filter by  5. count  6. instruments
            # 7. freshness  8. daily and 9. hourly prices  10. schedulers
            with self.assertNumQueries(10):
                self.client.get(self.url)

    def test_several_are_tracked_and_not_tracked_at_once(self):
        ids = [self.add(number).pk for number in range(2)]
        for action, tracked in (("track", 2), ("do_not_track", 0)):
            self.client.post(self.url, {"action": action, "_selected_action": ids})
            self.assertEqual(Instrument.objects.filter(is_tracked=True).count(), tracked)

    def test_an_id_of_old_is_found(self):
        InstrumentAlias.objects.create(
            instrument=self.add(1), venue_id="KRW-OLD", renamed_on=date(2026, 3, 2)
        )

        self.assertContains(self.client.get(self.url, {"q": "krw-old"}), "C1/KRW")

    def test_nobody_adds_or_deletes_one(self):
        pk = self.add(1).pk
        for url in (reverse("admin:prices_instrument_add"),
                    reverse("admin:prices_instrument_delete", args=[pk])):  # fmt: skip
            self.assertEqual(self.client.post(url, {"post": "yes"}).status_code, 403)


class InstrumentPageTests(AdminTestCase):
    def setUp(self) -> None:
        super().setUp()
        self.today = floor_to(DAY, timezone.now())
        self.instrument = make_instrument(venue_id="KRW-BTC")
        self.url = reverse("admin:prices_instrument_change", args=[self.instrument.pk])
        series = Series(self.instrument, "1d")
        asked = (self.today - 60 * DAY, self.today)
        write_candles(series, candles(self.today, DAY, 60), fetched_at=self.today, asked=asked)

    def test_candles_stand_in_a_chart_and_in_a_table(self):
        page = self.client.get(self.url)

        self.assertContains(page, 'id="db-chart"')
        self.assertContains(page, f"/api/candles?instrument={self.instrument.pk}&amp;interval=1d")
        self.assertContains(
            page, "60 candles. Times are UTC, prices in KRW, as the venue gave them."
        )
        self.assertContains(page, f"{self.today - DAY:%Y-%m-%d} 00:00</td>")
        self.assertContains(page, 'aria-current="true">1d</a>')

    def test_the_address_says_what_is_shown(self):
        page = self.client.get(self.url, {"interval": "1h", "range": "7d", "adjusted": "1"})

        for text in ("1h", "7 d", "Adjusted"):
            self.assertContains(page, f'aria-current="true">{text}</a>')
        self.assertContains(page, "There are no 1h candles in this range.")

    def test_an_address_that_makes_no_sense_shows_what_there_is(self):
        page = self.client.get(self.url, {"interval": "2h", "range": "ever", "adjusted": "?"})

        self.assertContains(page, 'aria-current="true">1d</a>')

    def test_what_nobody_asked_for_is_a_gap(self):
        page = self.client.get(self.url, {"range": "90d"})

        self.assertContains(page, f"to {self.today - 60 * DAY:%Y-%m-%d} 00:00</li>")

    def test_too_many_candles_are_refused_with_a_word(self):
        self.addCleanup(setattr, points, "MOST_READ", points.MOST_READ)
        points.MOST_READ = 10

        page = self.client.get(self.url)

        self.assertContains(page, "Choose a shorter range, or a longer interval.")

    def test_all_that_is_known_stands_there(self):
        CorporateAction.objects.create(
            instrument=self.instrument, kind="split", effective_at=self.today,
            price_factor="0.02", volume_factor=50, source="kis",
        )  # fmt: skip
        Fundamentals.objects.create(
            instrument=self.instrument, stated_on=self.today.date(), market_cap=37_200_000_000
        )
        CandleRevision.objects.create(
            instrument=self.instrument, interval="1d", opened_at=self.today - DAY, open=1, high=3,
            low=1, close="2.5", volume=7, fetched_at=self.today, replaced_at=self.today,
        )  # fmt: skip

        page = self.client.get(self.url)

        for text in ("prices times 0.02, volumes times 50", "37,200,000,000 KRW", "close 2.5"):
            self.assertContains(page, text)

    def test_one_button_tracks_and_the_next_tracks_no_more(self):
        track = reverse("admin:prices_instrument_track", args=[self.instrument.pk])

        for tracked, words in (("1", "is tracked."), ("0", "is tracked no more.")):
            page = self.client.post(track, {"tracked": tracked}, follow=True)
            self.assertContains(page, f"BTC/KRW {words}")
        self.assertEqual(self.client.get(track).status_code, 405)

    def test_who_may_only_look_gets_no_button(self):
        self.client.force_login(staff_with("view_instrument"))
        track = reverse("admin:prices_instrument_track", args=[self.instrument.pk])

        self.assertNotContains(self.client.get(self.url), "Track")
        self.assertEqual(self.client.post(track, {"tracked": "1"}).status_code, 403)

    def test_the_page_takes_the_same_few_queries_however_many_candles_there_are(self):
        self.client.get(self.url)
        # 1. session  2. user  3. instrument with its last price  4. freshness  5. coverage
        # 6. openings  7. candles  8. aliases  9. actions  10. fundamentals  11. revisions
        # 12. schedulers
        with self.assertNumQueries(12):
            self.client.get(self.url, {"range": "7d"})
        with self.assertNumQueries(12):
            self.client.get(self.url, {"range": "1y"})
