from __future__ import annotations

from unittest.mock import patch

from django.test import TestCase

from scheduling.management import banner as banner_module
from scheduling.management.banner import banner
from tests.factories import NOW, make_job


class BannerTests(TestCase):
    def test_names_each_job_with_its_trigger(self) -> None:
        make_job(key="nightly", trigger_expression="0 2 * * *", now=NOW)

        lines = list(banner(NOW))

        assert "    nightly  cron[0 2 * * *]  next: 2026-03-03 02:00 UTC" in lines

    def test_counts_the_jobs_that_are_too_many_to_name(self) -> None:
        for _ in range(3):
            make_job()

        with patch.object(banner_module, "MOST_JOBS", 2):
            lines = list(banner(NOW))

        assert lines[-1] == "    … and 1 more: manage.py list_jobs"
