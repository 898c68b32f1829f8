"""What a person does in a real browser, with the JavaScript that helps."""

from __future__ import annotations

import re

import pytest
from django.utils import timezone
from playwright.sync_api import Page, expect

from scheduling.models import Job, Run
from tests.factories import make_job, make_run
from tests.scheduling.admin.case import job_page, run_page

pytestmark = [
    pytest.mark.browser,
    pytest.mark.django_db(transaction=True),
]


def fill_new_job(page: Page, **values: str) -> None:
    page.goto(job_page("add"))
    page.fill("#id_name", "Nightly")
    page.fill("#id_key", "nightly")
    page.fill("#id_trigger_expression", values.get("expression", "0 2 * * *"))
    page.select_option("#id_task", values.get("task", "tests.typed"))


def test_a_job_is_added(admin: Page):
    fill_new_job(admin)
    admin.fill("#id_params-amount", "12.50")
    admin.fill("#id_params-symbols", "BTC\nETH")
    admin.click("[name=_save]")

    expect(admin.locator("#result_list")).to_contain_text("Nightly")
    assert Job.objects.get().params == {"amount": "12.50", "symbols": ["BTC", "ETH"]}


def test_the_preview_follows_what_is_typed(admin: Page):
    admin.goto(job_page("add"))
    preview = admin.locator("#db-preview")
    expect(preview).to_contain_text("Write an expression")

    admin.fill("#id_trigger_expression", "30 2 * 3 sun")
    admin.fill("#id_timezone", "America/New_York")
    expect(preview.locator("li")).to_have_count(10)
    expect(preview.locator("[data-mark=gap]").first).to_contain_text("02:30 does not exist")

    admin.fill("#id_trigger_expression", "30 25 * 3 sun")
    expect(preview.locator(".db-error")).to_contain_text("25")


def test_another_task_brings_its_own_fields_and_keeps_what_both_have(admin: Page):
    fill_new_job(admin, task="tests.sleep")
    admin.fill("#id_params-seconds", "7")

    admin.select_option("#id_task", "tests.sleep_isolated")

    expect(admin.locator("#id_params-heed_stop")).to_have_count(0)
    expect(admin.locator("#id_params-seconds")).to_have_value("7")


def test_the_policies_of_the_task_are_shown(admin: Page):
    fill_new_job(admin)

    expect(admin.locator("#id_max_attempts")).to_have_attribute(
        "placeholder", "As the task says: 3"
    )


def test_an_error_stands_at_its_field(admin: Page):
    fill_new_job(admin)
    admin.fill("#id_params-amount", "-1")
    admin.click("[name=_save]")

    faulty = admin.locator("[data-parameter=amount]")
    expect(faulty.locator(".db-error")).to_contain_text("greater than or equal to 0")
    expect(admin.locator("#id_params-amount")).to_have_value("-1")
    assert not Job.objects.exists()


def test_a_job_is_paused_with_a_reason_and_resumed(admin: Page):
    make_job(name="Nightly", key="nightly")
    admin.goto(job_page("changelist"))

    admin.get_by_label("Pause nightly").click()
    admin.fill("#id_reason", "the export is late")
    admin.get_by_role("button", name="Pause").click()

    row = admin.locator("#result_list")
    expect(row).to_contain_text("Paused by admin: the export is late")
    admin.get_by_label("Resume nightly").click()
    expect(row).to_contain_text("Active")


def test_a_run_is_triggered_and_seen(admin: Page):
    make_job(name="Nightly", key="nightly")
    admin.goto(job_page("changelist"))

    admin.get_by_label("Trigger a run now nightly").click()
    admin.get_by_role("link", name=re.compile(r"^run \d+$")).click()

    expect(admin.locator(".db-run-status")).to_contain_text("Pending")
    assert Run.objects.filter(requested_by__username="admin", origin="manual").exists()


def test_an_open_run_is_followed_until_it_has_ended(admin: Page):
    run = make_run()
    admin.goto(run_page("change", run.pk))
    expect(admin.locator(".db-run-status")).to_contain_text("Pending")

    now = timezone.now()
    Run.objects.update(status="succeeded", started_at=now, finished_at=now, result={"rows": 42})

    expect(admin.locator(".db-run-status")).to_contain_text("Succeeded", timeout=10_000)
    expect(admin.locator(".db-run")).to_contain_text('"rows": 42')


@pytest.mark.parametrize("width", [1440, 390])
def test_no_page_is_wider_than_its_window(admin: Page, width: int):
    job = make_job(name="A job with quite a long name, as people give them")
    run = make_run(job, status="failed", finished_at=timezone.now(), error="x" * 400)
    admin.set_viewport_size({"width": width, "height": 900})

    for url in ("/admin/", job_page("changelist"), job_page("change", job.pk),
                run_page("changelist"), run_page("change", run.pk)):  # fmt: skip
        admin.goto(url)
        assert admin.evaluate("document.documentElement.scrollWidth") <= width, url
