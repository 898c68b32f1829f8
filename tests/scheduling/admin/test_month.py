"""The strip of the last 30 days, on the first page and on that of a job."""

from __future__ import annotations

import re
from datetime import timedelta
from html import unescape

from django.test import override_settings
from django.urls import reverse
from django.utils import timezone

from scheduling.admin.month import parts_of, words_of
from scheduling.statistics import Sums
from tests.factories import make_job
from tests.scheduling.admin.case import AdminTestCase, job_page, staff_with
from tests.scheduling.test_tallies import make_ended_run


def sums(**counts: int) -> Sums:
    total = Sums()
    total.by_status.update(counts)
    return total


class WordsTests(AdminTestCase):
    def test_all_that_is_known_is_said(self):
        total = sums(succeeded=1199, failed=1)
        total.started, total.duration_microseconds = 1200, 1200 * 1_200_000
        total.longest_microseconds, total.lateness_microseconds = 90_000_000, 1200 * 20_000

        self.assertEqual(
            words_of(total),
            "1,200 runs · 99.9 % succeeded · 1.2 s on average, 1 min 30 s at most · "
            "20 ms late on average",
        )

    def test_what_nobody_knows_is_left_out(self):
        self.assertEqual(words_of(sums(skipped=1)), "1 run")
        self.assertEqual(words_of(sums()), "0 runs")


class PartsTests(AdminTestCase):
    def test_one_failure_among_thousands_is_seen(self):
        good, bad = parts_of(sums(succeeded=9_999, failed=1), most=10_000)

        self.assertEqual((good.tone, bad.tone), ("good", "bad"))
        self.assertGreater(bad.height, 5)
        self.assertAlmostEqual(bad.top, 0, places=1)
        self.assertAlmostEqual(bad.top + bad.height, good.top, places=1)

    def test_a_day_is_as_high_as_it_had_runs(self):
        (part,) = parts_of(sums(succeeded=25), most=100)

        self.assertEqual((part.top, part.height), (75, 25))

    def test_a_day_without_runs_has_none(self):
        self.assertEqual(parts_of(sums(), most=0), [])


class PagesTests(AdminTestCase):
    def setUp(self) -> None:
        super().setUp()
        self.now = timezone.now()
        self.job = make_job(key="weak")
        make_ended_run(self.job, scheduled_at=self.now - timedelta(days=2), status="failed")
        make_ended_run(make_job(), scheduled_at=self.now - timedelta(days=2))

    def links_to_runs(self, url: str) -> list[str]:
        page = self.client.get(url).content.decode()
        links = re.findall(r'<a href="([^"]*)" aria-label="[^"]*UTC[^"]*[1-9][^"]* Failed"', page)
        return [unescape(link) for link in links]

    def runs_in(self, link: str) -> int:
        return int(self.client.get(link).context["cl"].result_count)

    def test_the_first_page_counts_all_runs(self):
        page = self.client.get(reverse("admin:index"))

        self.assertContains(page, "2 runs · 50 % succeeded")
        self.assertContains(page, "1 Succeeded, 1 Failed")

    def test_the_page_of_a_job_counts_its_own(self):
        page = self.client.get(job_page("change", self.job.pk))

        self.assertContains(page, "1 run · 0 % succeeded")

    def test_a_day_leads_to_its_runs_whatever_the_zone(self):
        for zone in ("UTC", "Asia/Seoul", "America/New_York"):
            with self.subTest(zone), override_settings(TIME_ZONE=zone):
                (link,) = self.links_to_runs(job_page("change", self.job.pk))
                self.assertEqual(self.runs_in(link), 1)
                (link,) = self.links_to_runs(reverse("admin:index"))
                self.assertEqual(self.runs_in(link), 2)

    def test_who_may_not_see_runs_sees_no_strip(self):
        self.client.force_login(staff_with("view_job"))

        self.assertNotContains(self.client.get(reverse("admin:index")), "db-month")
