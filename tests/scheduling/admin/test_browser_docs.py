"""What a person who is not staff does in a real browser: log in, try the API, log out."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect

from scheduling.models import Run
from tests.factories import make_job, make_user

pytestmark = [
    pytest.mark.browser,
    pytest.mark.django_db(transaction=True),
]


@pytest.fixture
def docs(page: Page) -> Page:
    """The documentation of the API, in the window of Alice, who has logged in."""
    make_job(key="mine", owner=make_user("alice"))
    page.goto("/")
    page.fill("#id_username", "alice")
    page.fill("#id_password", "secret")
    page.click("[type=submit]")
    page.wait_for_url("**/api/docs")
    return page


def test_a_job_is_triggered_from_the_docs(docs: Page):
    operation = docs.locator(".opblock", has_text="/api/jobs/{key}/trigger")
    operation.locator(".opblock-summary").click()
    operation.get_by_role("button", name="Try it out").click()
    operation.get_by_placeholder("key").fill("mine")
    operation.locator("textarea").fill("{}")

    operation.get_by_role("button", name="Execute").click()

    expect(operation.locator(".live-responses-table")).to_contain_text("202")
    assert Run.objects.filter(requested_by__username="alice", origin="api").exists()


def test_log_out_ends_the_session(docs: Page):
    docs.get_by_role("button", name="Log out").click()

    docs.wait_for_url("**/login/")
    docs.goto("/api/docs")
    expect(docs.locator("#id_username")).to_be_visible()
