from __future__ import annotations

from scheduling.models import Artifact, LogLine, Run
from tests.factories import NOW, make_job, make_run
from tests.scheduling.api.case import ApiTestCase


class LogTests(ApiTestCase):
    def make_lines(self, count: int) -> Run:
        run = make_run(make_job(owner=self.alice))
        LogLine.objects.bulk_create(
            LogLine(run=run, at=NOW, level="INFO", logger="tests", message=f"line {number}")
            for number in range(count)
        )
        return run

    def test_shows_lines_oldest_first(self):
        run = self.make_lines(2)

        first, second = self.api.get(f"/api/runs/{run.pk}/logs").data["results"]

        self.assertEqual(first["message"], "line 0")
        self.assertEqual(first["at"], "2026-03-02T12:00:00Z")
        self.assertEqual((first["level"], first["logger"]), ("INFO", "tests"))
        self.assertEqual(second["message"], "line 1")

    def test_follows_a_run_from_the_last_line_seen(self):
        run = self.make_lines(3)
        seen = self.api.get(f"/api/runs/{run.pk}/logs?page_size=2").data["results"][-1]["id"]

        data = self.api.get(f"/api/runs/{run.pk}/logs?after={seen}").data

        self.assertEqual([line["message"] for line in data["results"]], ["line 2"])

    def test_shows_only_the_lines_of_the_run(self):
        self.make_lines(2)
        other = self.make_lines(0)

        self.assertEqual(self.api.get(f"/api/runs/{other.pk}/logs").data["count"], 0)

    def test_refuses_a_line_that_cannot_be(self):
        run = self.make_lines(1)

        for after in ("x", "-1", "1e400", "NaN", "9" * 30):
            response = self.api.get(f"/api/runs/{run.pk}/logs?after={after}")
            self.assertEqual(response.status_code, 400, after)


class ArtifactTests(ApiTestCase):
    def make_artifact(self, name: str = "page.html") -> Artifact:
        run = make_run(make_job(owner=self.alice))
        return Artifact.objects.create(
            run=run,
            name=name,
            content_type="text/html",
            size=19,
            content=b"<script>1</script>\x00",
            created_at=NOW,
        )

    def test_lists_files_with_where_to_get_them(self):
        artifact = self.make_artifact()

        (data,) = self.api.get(f"/api/runs/{artifact.run_id}/artifacts").data["results"]

        self.assertEqual((data["name"], data["size"]), ("page.html", 19))
        self.assertEqual(self.api.get(data["url"]).content, b"<script>1</script>\x00")

    def test_sends_a_file_so_that_no_browser_runs_it(self):
        artifact = self.make_artifact()

        response = self.api.get(f"/api/runs/{artifact.run_id}/artifacts/{artifact.pk}")

        self.assertEqual(response["Content-Disposition"], 'attachment; filename="page.html"')
        self.assertEqual(response["Content-Type"], "application/octet-stream")
        self.assertEqual(response["X-Content-Type-Options"], "nosniff")

    def test_a_name_cannot_add_a_header(self):
        artifact = self.make_artifact('a"\r\nSet-Cookie: x=1')

        response = self.api.get(f"/api/runs/{artifact.run_id}/artifacts/{artifact.pk}")

        self.assertEqual(response.status_code, 200)
        self.assertNotIn("Set-Cookie", response)

    def test_a_file_of_another_run_is_not_found(self):
        artifact, other = self.make_artifact(), self.make_artifact()

        response = self.api.get(f"/api/runs/{other.run_id}/artifacts/{artifact.pk}")

        self.assertEqual(response.status_code, 404)
