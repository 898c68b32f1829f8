from __future__ import annotations

from datetime import timedelta

import time_machine

from scheduling.models import Artifact, LogLine
from tests.factories import NOW, make_job, make_run, make_running_run, make_worker
from tests.scheduling.admin.case import AdminTestCase, run_page, staff_with


def log(run, *messages: str, level: str = "INFO") -> None:
    LogLine.objects.bulk_create(
        LogLine(run=run, at=NOW, level=level, logger="tests", message=message)
        for message in messages
    )


class RunPageTests(AdminTestCase):
    @time_machine.travel(NOW + timedelta(hours=1), tick=False)
    def test_shows_what_a_run_was_given_and_when(self):
        job = make_job(timezone="Europe/Zurich", max_attempts=3)
        run = make_run(
            job, params={"text": "hi"}, scheduled_at=NOW, status="succeeded", attempt=2,
            started_at=NOW + timedelta(seconds=20), finished_at=NOW + timedelta(seconds=22),
            requested_by=self.admin,
        )  # fmt: skip

        page = self.client.get(run_page("change", run.pk))

        for text in ("Mon 2 Mar, 13:00", "Europe/Zurich", "20 s", "2 of 3", "hi", "tests.echo"):
            self.assertContains(page, text)

    def test_shows_the_error_with_its_traceback(self):
        run = make_run(
            status="failed", finished_at=NOW, error="ValueError: row 17",
            traceback="Traceback (most recent call last):\n  File x",
        )  # fmt: skip

        page = self.client.get(run_page("change", run.pk))

        self.assertContains(page, "ValueError: row 17")
        self.assertContains(page, "<summary>Traceback</summary>")

    def test_shows_the_attempts_before(self):
        past = {
            "attempt": 1, "status": "timed_out", "started_at": "2026-03-02T12:00:00Z",
            "finished_at": "2026-03-02T12:01:00Z", "error": "Ended after 60 s.",
        }  # fmt: skip
        run = make_run(status="succeeded", finished_at=NOW, errors=[past])

        page = self.client.get(run_page("change", run.pk))

        self.assertContains(page, "Ended after 60 s.")
        self.assertContains(page, "<span>Timed out</span>")

    def test_shows_the_result(self):
        run = make_run(status="succeeded", finished_at=NOW, result={"total": "12.50"})

        page = self.client.get(run_page("change", run.pk))

        self.assertContains(page, "&quot;total&quot;: &quot;12.50&quot;")

    def test_shows_progress(self):
        progress = {"done": 30, "total": 120, "message": "KRW-BTC"}
        run = make_running_run(make_worker(), progress=progress)

        page = self.client.get(run_page("change", run.pk))

        self.assertContains(page, '<progress max="100" value="25"></progress>')
        self.assertContains(page, "30 of 120 · KRW-BTC")

    def test_offers_what_the_run_can_still_do(self):
        open_page = self.client.get(run_page("change", make_run().pk))
        ended = make_run(status="failed", finished_at=NOW)
        ended_page = self.client.get(run_page("change", ended.pk))

        self.assertContains(open_page, "Cancel</button>")
        self.assertNotContains(open_page, "Run again</button>")
        self.assertContains(ended_page, "Run again</button>")
        self.assertNotContains(ended_page, "Cancel</button>")

    def test_offers_nothing_to_those_who_may_only_look(self):
        run = make_run()
        self.client.force_login(staff_with("view_run"))

        self.assertNotContains(self.client.get(run_page("change", run.pk)), "Cancel</button>")

    def test_stays_when_the_job_is_deleted(self):
        job = make_job(key="gone")
        run = make_run(job, status="succeeded", finished_at=NOW)
        job.remove()

        page = self.client.get(run_page("change", run.pk))

        self.assertContains(page, "gone")
        self.assertNotContains(page, "Run again</button>")

    def test_of_a_run_that_is_not_there_is_not_found(self):
        for number in ("999999", "abc"):
            answer = self.client.get(f"{run_page('changelist')}{number}/change/")
            self.assertEqual(answer.status_code, 404)


class LogTests(AdminTestCase):
    def test_shows_the_last_lines_and_a_link_to_all(self):
        run = make_run(status="succeeded", finished_at=NOW)
        log(run, *(f"line {number};" for number in range(201)))

        page = self.client.get(run_page("change", run.pk))

        self.assertNotContains(page, "line 0;")
        self.assertContains(page, "line 200;")
        self.assertContains(page, "The last 200 lines. Open the whole log")

    def test_is_escaped(self):
        run = make_run()
        log(run, "<script>alert(1)</script>")

        page = self.client.get(run_page("change", run.pk))

        self.assertNotContains(page, "<script>alert")

    def test_is_there_as_text(self):
        run = make_run(make_job(timezone="Europe/Zurich"))
        log(run, "first", "second")

        answer = self.client.get(run_page("log", run.pk))

        self.assertEqual(answer["Content-Type"], "text/plain; charset=utf-8")
        first = answer.getvalue().decode().splitlines()[0]
        self.assertEqual(first, "2026-03-02T13:00:00.000+01:00 INFO    tests: first")

    def test_comes_as_a_fragment_while_the_run_goes_on(self):
        run = make_running_run(make_worker())
        log(run, "half way")

        answer = self.client.get(run_page("live", run.pk))

        self.assertContains(answer, 'data-open="1"')
        self.assertContains(answer, "half way")
        self.assertNotContains(answer, "<html")

    def test_the_fragment_says_when_the_run_has_ended(self):
        run = make_run(status="succeeded", finished_at=NOW)

        self.assertContains(self.client.get(run_page("live", run.pk)), 'data-open="0"')

    def test_is_for_those_who_may_view_runs(self):
        run = make_run()
        self.client.force_login(staff_with("view_job"))

        for name in ("live", "log", "change"):
            self.assertEqual(self.client.get(run_page(name, run.pk)).status_code, 403)


class ArtifactTests(AdminTestCase):
    def setUp(self) -> None:
        super().setUp()
        self.run_ = make_run(status="succeeded", finished_at=NOW)
        self.file = Artifact.objects.create(
            run=self.run_, name="rows.html", content_type="text/html", size=5,
            content=b"<b>x", created_at=NOW,
        )  # fmt: skip

    def test_are_downloads_and_never_pages(self):
        page = self.client.get(run_page("change", self.run_.pk))
        answer = self.client.get(run_page("artifact", self.run_.pk, self.file.pk))

        self.assertContains(page, "rows.html")
        self.assertEqual(answer.content, b"<b>x")
        self.assertEqual(answer["Content-Disposition"], 'attachment; filename="rows.html"')

    def test_of_another_run_are_not_found(self):
        answer = self.client.get(run_page("artifact", make_run().pk, self.file.pk))

        self.assertEqual(answer.status_code, 404)
