"""The chart, in a real browser that executes no inline script."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone
from playwright.sync_api import Page, Route, expect

from prices.models import CorporateAction, Instrument
from prices.store import Series, write_candles
from prices.venues.base import floor_to
from tests.prices.factories import hourly_candle, make_instrument

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

HOUR = timedelta(hours=1)
# unfold's own menus need eval; its styles stand in the elements.
POLICY = "default-src 'self'; script-src 'self' 'unsafe-eval'; style-src 'self' 'unsafe-inline'"
COLOURS = """() => {
  const seen = new Set();
  for (const canvas of document.querySelectorAll("#db-chart canvas")) {
    const { width, height } = canvas;
    if (!width || !height) continue;
    const data = canvas.getContext("2d").getImageData(0, 0, width, height).data;
    for (let at = 0; at < data.length; at += 4) {
      if (data[at + 3] > 200) seen.add(`${data[at]},${data[at + 1]},${data[at + 2]}`);
    }
  }
  return [...seen];
}"""
GREEN, RED = "21,128,61", "185,28,28"


@pytest.fixture
def instrument() -> Instrument:
    """Two stretches of ten hours, five hours apart: prices rise in one, and fall in the other."""
    made = make_instrument(venue_id="KRW-BTC")
    now = floor_to(HOUR, timezone.now())
    for first, change in ((25, 1), (10, -1)):
        candles = [
            hourly_candle(0, opened_at=now - turn * HOUR, close=str(9 + change / 2))
            for turn in range(first, first - 10, -1)
        ]
        asked = (now - first * HOUR, now - (first - 10) * HOUR)
        write_candles(Series(made, "1h"), candles, fetched_at=now, asked=asked)
    return made


def open_chart(page: Page, instrument: Instrument, query: str) -> None:
    def with_policy(route: Route) -> None:
        answer = route.fetch()
        route.fulfill(
            response=answer, headers={**answer.headers, "content-security-policy": POLICY}
        )

    page.route("**/change/**", with_policy)
    page.goto(reverse("admin:prices_instrument_change", args=[instrument.pk]) + query)
    expect(page.locator("#db-chart")).to_have_attribute("data-drawn", "20")


@pytest.mark.parametrize("width", [1400, 390])
def test_candles_are_drawn_with_the_gap_between_them(admin: Page, instrument, width: int):
    said: list[str] = []
    admin.on("console", lambda message: said.append(message.text))
    admin.set_viewport_size({"width": width, "height": 900})

    open_chart(admin, instrument, "?interval=1h&range=7d")

    expect(admin.locator("#db-chart")).to_have_attribute("data-blank", "5")
    assert {GREEN, RED} <= set(admin.evaluate(COLOURS))
    assert [text for text in said if "script" in text.lower()] == []
    assert admin.evaluate("document.documentElement.scrollWidth") <= width
    expect(admin.locator("#db-legend")).to_contain_text("UTC · open 9 · high 11")
    expect(admin.locator("#db-candles tbody tr")).to_have_count(20)


def test_a_switch_shows_adjusted_prices_and_csv_has_them_too(admin: Page, instrument):
    CorporateAction.objects.create(
        instrument=instrument, kind="split", effective_at=timezone.now(), source="test",
        price_factor="0.1", volume_factor=10,
    )  # fmt: skip
    open_chart(admin, instrument, "?interval=1h&range=7d")

    admin.get_by_role("link", name="Adjusted").click()
    expect(admin.locator("#db-legend")).to_contain_text("high 1.1 ")
    with admin.expect_download() as download:
        admin.get_by_role("link", name="CSV").click()

    lines = download.value.path().read_text().splitlines()
    assert (len(lines), lines[1].split(",")[2]) == (21, "1.1")
