from __future__ import annotations

from datetime import UTC, datetime, timedelta
from io import StringIO

from django.core.management import call_command
from django.test import TestCase

from prices.findings import find
from prices.models import Circuit
from prices.store import Series, write_candles
from tests.factories import make_worker
from tests.prices.factories import make_instrument

NOW = datetime(2026, 3, 6, tzinfo=UTC)
DAY = timedelta(days=1)


def answered(until: datetime) -> None:
    series = Series(make_instrument(), "1h")
    write_candles(series, [], fetched_at=until, asked=(until - DAY, until))


class FindingTests(TestCase):
    def test_fresh_and_stale_series_of_a_venue_are_counted(self):
        answered(NOW - DAY)
        answered(NOW)
        answered(NOW)

        (finding,) = find(NOW)

        self.assertEqual((finding.subject, finding.tone, finding.words),
                         ("1h candles of upbit", "bad", "2 fresh, 1 stale"))  # fmt: skip

    def test_nothing_is_said_of_a_venue_that_nobody_asks(self):
        make_instrument()

        self.assertEqual(list(find(NOW)), [])

    def test_a_venue_that_is_closed_to_us_is_bad(self):
        Circuit.objects.break_open(
            venue="upbit", key="", now=NOW, until=NOW + DAY, reason="418: too many requests"
        )

        (finding,) = find(NOW)

        self.assertEqual((finding.tone, finding.words), ("bad", "until 2026-03-07 00:00:00Z"))

    def test_the_command_for_health_tells_them(self):
        answered(NOW)
        now = datetime.now(UTC)
        make_worker(heartbeat_at=now, last_tick_at=now)
        output = StringIO()

        call_command("health", "--detailed", stdout=output)

        self.assertRegex(output.getvalue(), r"1h candles of upbit +bad +1 stale")
