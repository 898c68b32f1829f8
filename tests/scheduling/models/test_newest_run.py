from __future__ import annotations

from django.test import TestCase

from scheduling.models import Run
from tests.factories import make_job, make_run, make_user


class NewestPerJobTests(TestCase):
    def test_returns_the_newest_run_of_each_job_in_one_query(self):
        busy, quiet, new = make_job(), make_job(), make_job()
        make_run(busy)
        newest = make_run(busy)
        only = make_run(quiet)
        make_run()

        with self.assertNumQueries(1):
            runs = Run.objects.newest_per_job([busy.pk, quiet.pk, new.pk])

        self.assertEqual(runs, {busy.pk: newest, quiet.pk: only})

    def test_leaves_out_what_the_user_may_not_see(self):
        alice, bob = make_user("alice"), make_user("bob")
        job = make_job(owner=alice)
        make_run(job)

        runs = Run.objects.visible_to(bob).newest_per_job([job.pk])

        self.assertEqual(runs, {})
