from __future__ import annotations

import re
from io import StringIO

from django.core.management import call_command
from django.core.management.base import CommandError
from django.test import TestCase

from scheduling.models import Job, Run
from tests.factories import NOW, make_job, make_run


def run_command(*args: str) -> str:
    output = StringIO()
    call_command(*args, stdout=output)
    return output.getvalue()


class ListJobsTests(TestCase):
    def test_shows_each_job_in_a_line(self):
        job = make_job(key="nightly", trigger_expression="0 2 * * *", timezone="Europe/Zurich")
        make_run(job, status=Run.Status.FAILED, finished_at=NOW)
        make_job(key="weekly").pause("Holidays")

        heads, nightly, weekly = run_command("list_jobs").splitlines()

        self.assertEqual(
            re.split(r"\s{2,}", heads), ["KEY", "STATE", "TRIGGER", "NEXT RUN", "LAST RUN"]
        )
        key, state, trigger, next_run, last_run = re.split(r"\s{2,}", nightly)
        self.assertEqual((key, state, last_run), ("nightly", "active", "failed"))
        self.assertEqual(trigger, "At 02:00, Europe/Zurich time")
        self.assertRegex(next_run, r"02:00:00 Europe/Zurich$")
        self.assertEqual(re.split(r"\s{2,}", weekly)[3:], ["-", "-"])

    def test_says_when_there_are_none(self):
        self.assertIn("sync_jobs", run_command("list_jobs"))

    def test_a_trigger_that_cannot_be_read_is_shown(self):
        job = make_job(key="nightly")
        Job.objects.filter(pk=job.pk).update(trigger_expression="99 * * * *")
        job.clock.delete()

        self.assertIn("expression: ", run_command("list_jobs"))

    def test_needs_as_many_queries_for_many(self):
        for count in (1, 9):
            for _ in range(count):
                make_run(make_job())
            # 1. jobs with clocks  2. the newest run of each
            with self.assertNumQueries(2):
                run_command("list_jobs")


class PauseAndResumeTests(TestCase):
    def test_a_job_is_paused_with_its_reason_and_resumed(self):
        make_job(key="nightly")

        said = run_command("pause_job", "nightly", "--reason", "Broker is down")

        self.assertEqual(said, "nightly is paused.\n")
        self.assertEqual(Job.objects.get().state_reason, "Paused: Broker is down")
        self.assertIn("nightly is active; next at", run_command("resume_job", "nightly"))

    def test_pausing_needs_a_reason(self):
        make_job(key="nightly")

        with self.assertRaisesMessage(CommandError, "--reason"):
            run_command("pause_job", "nightly")

    def test_a_blank_reason_is_none(self):
        make_job(key="nightly")

        for blank in ("", " \t"):
            with self.assertRaisesMessage(CommandError, "--reason is blank. Say why"):
                run_command("pause_job", "nightly", "--reason", blank)

        self.assertEqual(Job.objects.get().state, Job.State.ACTIVE)

    def test_an_unknown_key_is_answered_with_a_suggestion(self):
        make_job(key="nightly")

        for command in (("pause_job", "nightli", "--reason", "x"), ("resume_job", "nightli")):
            with self.assertRaisesMessage(CommandError, "Did you mean 'nightly'?"):
                run_command(*command)

    def test_a_finished_job_is_left_alone(self):
        make_job(key="nightly")
        Job.objects.update(state=Job.State.FINISHED)

        for command in (("pause_job", "nightly", "--reason", "x"), ("resume_job", "nightly")):
            with self.assertRaisesMessage(CommandError, "finished"):
                run_command(*command)
