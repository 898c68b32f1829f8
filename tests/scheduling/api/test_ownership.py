"""Every endpoint, asked by somebody whom the job or run does not belong to."""

from __future__ import annotations

from django.urls import URLPattern

from scheduling.api.urls import urlpatterns
from scheduling.models import Artifact, Job, Run
from tests.factories import NOW, make_job, make_run
from tests.scheduling.api.case import ApiTestCase, client_of, job_body

OF_A_JOB = {
    "job": ("get", "put", "patch", "delete"),
    "pause": ("post",),
    "resume": ("post",),
    "trigger": ("post",),
    "job_preview": ("get",),
    "job_runs": ("get",),
    "job_statistics": ("get",),
}
OF_A_RUN = {
    "run": ("get", "delete"),
    "cancel": ("post",),
    "run_again": ("post",),
    "retry_failed": ("post",),
    "logs": ("get",),
    "artifacts": ("get",),
    "artifact": ("get",),
}
LISTS = ("jobs", "runs")
FOR_EVERYBODY = {
    "schema": "get", "health": "get", "tasks": "get", "task": "get", "preview": "post",
    "jobs": "get", "runs": "get", "statistics": "get",
}  # fmt: skip
PAGES = {"root", "docs", None}
HERE = {"trigger_many"}  # names its jobs in the body


class OwnershipTests(ApiTestCase):
    pending: Run
    artifact: Artifact

    @classmethod
    def setUpTestData(cls) -> None:
        super().setUpTestData()
        cls.pending = make_run(make_job(key="nightly", owner=cls.alice))
        cls.artifact = Artifact.objects.create(
            run=cls.pending,
            name="a",
            content_type="text/plain",
            size=1,
            content=b"a",
            created_at=NOW,
        )

    def address(self, name: str | None) -> str:
        (pattern,) = (one for one in urlpatterns if one.name == name)
        route = str(pattern.pattern)
        values = {
            "<job_key:key>": "nightly",
            "<int:run_id>": str(self.pending.pk),
            "<int:artifact_id>": str(self.artifact.pk),
            "<str:name>": "tests.echo",
        }
        for place, value in values.items():
            route = route.replace(place, value)
        return f"/api/{route}"

    def test_every_endpoint_is_covered_here(self):
        names = {pattern.name for pattern in urlpatterns if isinstance(pattern, URLPattern)}

        self.assertEqual(names, {*OF_A_JOB, *OF_A_RUN, *FOR_EVERYBODY, *PAGES, *HERE})

    def test_a_stranger_triggers_nothing_in_a_list(self):
        response = client_of(self.bob).post("/api/jobs/trigger", [{"job": "nightly"}])

        self.assertEqual(response.status_code, 400)
        self.assertEqual(response.json()["job"], ["There is no job nightly."])

    def test_a_stranger_finds_nothing(self):
        stranger = client_of(self.bob)

        for name, methods in (OF_A_JOB | OF_A_RUN).items():
            for method in methods:
                with self.subTest(name, method=method):
                    response = getattr(stranger, method)(self.address(name), job_body(reason="x"))
                    self.assertEqual(response.status_code, 404)
                    self.assertEqual(response.json()["code"], "not_found")

    def test_a_stranger_changes_nothing(self):
        before = [*Job.objects.values(), *Run.objects.values()]

        self.test_a_stranger_finds_nothing()

        self.assertEqual([*Job.objects.values(), *Run.objects.values()], before)

    def test_a_stranger_sees_empty_lists(self):
        for name in LISTS:
            with self.subTest(name):
                self.assertEqual(client_of(self.bob).get(self.address(name)).data["count"], 0)
                self.assertEqual(self.api.get(self.address(name)).data["count"], 1)

    def test_a_stranger_reads_no_health_of_the_job(self):
        with self.settings(RUN_SCHEDULER=True):
            strangers = client_of(self.bob).get("/api/scheduler/health").data
            owners = self.api.get("/api/scheduler/health").data

        self.assertEqual((strangers["jobs_count"], strangers["jobs"]), (0, {}))
        self.assertEqual(strangers["next_runs"], {})
        self.assertEqual(set(owners["jobs"]), {"nightly"})

    def test_the_owner_and_staff_reach_everything(self):
        for client in (self.api, self.staff_api):
            for name, methods in (OF_A_JOB | OF_A_RUN).items():
                if "get" in methods:
                    with self.subTest(name):
                        self.assertEqual(client.get(self.address(name)).status_code, 200)

    def test_nobody_gets_in_without_login(self):
        nobody = client_of(None)
        everything = OF_A_JOB | OF_A_RUN
        everything |= {name: (method,) for name, method in FOR_EVERYBODY.items()}

        for name, methods in everything.items():
            for method in methods:
                with self.subTest(name, method=method):
                    response = getattr(nobody, method)(self.address(name), job_body())
                    self.assertEqual(response.status_code, 401)
                    self.assertEqual(response["WWW-Authenticate"], "Token")
                    self.assertEqual(response.data["code"], "not_authenticated")
