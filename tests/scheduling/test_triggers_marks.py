"""Whoever looks at a daily job before the clocks change sees it: over REST and in the admin."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime, timedelta

import time_machine

from tests.cron_cases import changes_of
from tests.scheduling.admin.case import AdminTestCase, job_page
from tests.scheduling.api.case import ApiTestCase

ZONES = ["Europe/Zurich", "America/New_York", "Europe/London", "Asia/Seoul", "Australia/Lord_Howe"]
END = date(2031, 1, 1)


def days_to_mark() -> Iterator[tuple[str, str, datetime, date, str]]:
    """Return zone, daily expression, an instant of the day before, the day and its mark."""
    for timezone in ZONES:
        for change in changes_of(timezone):
            day = change.before.date()
            if day >= END:
                break
            name = "gap" if change.step > timedelta() else "fold"
            touched = min(change.before, change.before + change.step) + timedelta(minutes=15)
            at_the_change = f"{touched.minute} {touched.hour} * * *"
            for expression, mark in ((at_the_change, name), ("0 12 * * *", "offset_change")):
                yield timezone, expression, change.at - timedelta(hours=20), day, mark


class MarksOverRestTests(ApiTestCase):
    def test_each_change_of_the_clocks_until_2030_is_marked_on_its_day(self) -> None:
        for timezone, expression, eve, day, mark in days_to_mark():
            trigger = {"kind": "cron", "expression": expression, "timezone": timezone}
            with self.subTest(timezone=timezone, day=day), time_machine.travel(eve, tick=False):
                data = self.api.post("/api/jobs/preview", {"trigger": trigger, "count": 3}).data

                marked = {time["local"][:10]: time["mark"] for time in data["times"]}
                assert marked.pop(day.isoformat()) == mark
                assert set(marked.values()) == {""}
                assert any(time["note"] for time in data["times"])


class MarksInTheAdminTests(AdminTestCase):
    def test_each_change_of_the_clocks_until_2030_is_marked_on_its_day(self) -> None:
        for timezone, expression, eve, day, mark in days_to_mark():
            trigger = {
                "trigger_kind": "cron", "trigger_expression": expression, "timezone": timezone,
            }  # fmt: skip
            with self.subTest(timezone=timezone, day=day), time_machine.travel(eve, tick=False):
                self.client.force_login(self.admin)  # for a session does not last for years
                html = self.client.get(job_page("preview"), trigger).content.decode()

                assert html.count("data-mark=") == 1
                (line,) = [line for line in html.split("<li") if f'data-mark="{mark}"' in line]
                assert f"{day:%a} {day.day} {day:%b}" in line
                assert "Clock change" in line
