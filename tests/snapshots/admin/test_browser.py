"""The charts of the portfolio page, in a real browser that executes no inline script."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone
from playwright.sync_api import Page, expect

from snapshots.models import Snapshot
from tests.snapshots.curves import days, make_tracked, put

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
PAGE = "admin:snapshots_portfolio_changelist"
INKED = """(name) => {
  const canvases = [...document.querySelectorAll(`[data-chart="${name}"] canvas`)];
  const data = (one) => one.getContext("2d").getImageData(0, 0, one.width, one.height).data;
  return canvases.some((one) => data(one).some((byte) => byte));
}"""


@pytest.fixture
def portfolio(admin: Page, django_user_model) -> list[Snapshot]:
    """Ten ends of days, one of which failed."""
    owner = django_user_model.objects.get(username="admin")
    first = timezone.now().date() - timedelta(days=10)
    values = [1000, 1010, 990, 1005, None, 1020, 1015, 1030, 1040, 1050]
    ends = days(make_tracked(owner), values, first=first)
    for end in ends[-2:]:
        put(end, "BTC", 1, end.total_value)
    return ends


@pytest.mark.parametrize("width", [1400, 390])
def test_charts_are_drawn_with_a_table_behind_each(admin: Page, portfolio, width: int):
    said: list[str] = []
    admin.on("console", lambda message: said.append(message.text))
    admin.set_viewport_size({"width": width, "height": 900})

    admin.goto(reverse(PAGE))
    for name, rows in (("curve", 10), ("allocation", 1), ("days", 8), ("explain", 1)):
        table = admin.locator(f'[data-table="{name}"]')
        expect(table.locator("tbody tr")).to_have_count(rows)
        assert admin.evaluate(INKED, name), name

    expect(admin.locator('[data-table="curve"]')).to_contain_text("gap: Main (cointracking)")
    assert said == []
    assert admin.evaluate("document.documentElement.scrollWidth") <= width


def test_range_changes_curve_and_csv(admin: Page, portfolio):
    admin.goto(reverse(PAGE))
    admin.locator('[data-value="Max"]').click()

    with admin.expect_download() as download:
        admin.locator('[data-csv="curve"]').click()

    assert len(download.value.path().read_text().splitlines()) == 11


def test_amounts_can_be_hidden_and_stay_hidden(admin: Page, portfolio):
    admin.goto(reverse(PAGE))
    admin.get_by_role("button", name="Hide amounts").click()
    admin.reload()

    expect(admin.get_by_role("button", name="Show amounts")).to_be_visible()
    size = admin.locator(".db-value [data-amount]").evaluate(
        "one => getComputedStyle(one).fontSize"
    )
    assert size == "0px"
    expect(admin.locator('[data-csv="curve"]')).to_be_hidden()
    expect(admin.locator("#db-explained")).to_contain_text("P&L •••••")


def test_what_cannot_be_loaded_is_said_and_not_drawn(admin: Page, portfolio):
    admin.goto(reverse(PAGE))
    expect(admin.locator('[data-table="curve"] tbody tr')).to_have_count(10)
    admin.context.clear_cookies()
    admin.locator('[data-value="Max"]').click()

    expect(admin.locator('[data-trouble="curve"]')).to_contain_text("You are logged out")
    expect(admin.locator('[data-table="curve"]')).to_be_empty()
    assert not admin.evaluate(INKED, "curve")


def test_no_page_of_the_admin_breaks_under_the_policy(admin: Page, portfolio):
    said: list[str] = []
    admin.on("console", lambda message: said.append(f"{admin.url} {message.text}"))
    links = admin.locator("nav a[href^='/admin/'], #nav-sidebar a[href^='/admin/']")
    pages = sorted({one.get_attribute("href") or "" for one in links.all()})
    account = reverse("admin:snapshots_account_changelist")

    for page in [*pages, f"{account}add/", "/admin/scheduling/job/add/", "/api/docs"]:
        admin.goto(page)

    assert len(pages) > 10
    assert [text for text in said if "policy" in text.lower() or "script" in text.lower()] == []
