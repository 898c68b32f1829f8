"""One API under /api/ and /api/v1/, with and without a slash at the end."""

from __future__ import annotations

import pytest

from tests.factories import make_job, make_run, make_user
from tests.scheduling.api.case import client_of

FORMS = ["/api/{}", "/api/{}/", "/api/v1/{}", "/api/v1/{}/"]
PATHS = [
    "jobs",
    "jobs/nightly",
    "jobs/nightly/runs",
    "runs",
    "tasks/tests.echo",
    "scheduler/health",
    "schema",
]

pytestmark = pytest.mark.django_db


@pytest.fixture
def api():
    user = make_user("alice")
    job = make_job(key="nightly", owner=user)
    make_run(job)
    make_run(job)
    return client_of(user)


@pytest.mark.parametrize("path", PATHS)
def test_each_form_of_a_path_gives_the_same(api, path):
    answers = [api.get(form.format(path)) for form in FORMS]

    assert [answer.status_code for answer in answers] == [200] * 4
    assert len({answer.content for answer in answers}) == 1


@pytest.mark.parametrize("path", ["/api", "/api/", "/api/v1", "/api/v1/"])
def test_the_root_leads_to_the_documentation(api, path):
    response = api.get(path)

    assert (response.status_code, response["Location"]) == (302, "/api/docs")


@pytest.mark.parametrize("form", FORMS)
def test_a_post_keeps_its_body(api, form):
    response = api.post(form.format("jobs/nightly/pause"), {"reason": "Holidays"})

    assert response.status_code == 200
    assert "Holidays" in response.data["state_reason"]


@pytest.mark.parametrize("form", FORMS)
def test_the_link_to_the_next_page_keeps_the_form(api, form):
    address = form.format("runs")

    link = api.get(f"{address}?page_size=1").data["next"]

    assert link == f"http://testserver{address}?page=2&page_size=1"
    assert api.get(link).data["next"] is None


def test_a_location_keeps_the_version(api):
    versioned = api.post("/api/v1/jobs/nightly/trigger")
    plain = api.post("/api/jobs/nightly/trigger")

    assert versioned["Location"] == f"/api/v1/runs/{versioned.data['id']}"
    assert plain["Location"] == f"/api/runs/{plain.data['id']}"


@pytest.mark.parametrize(
    "path",
    [
        "/api/nothing",
        "/api/v1/nothing/",
        "/api/v2/jobs",
        "/api/jobs/A%00",
        "/api/jobs/a/b/c",
    ],
)
def test_an_unknown_path_is_not_found_in_json(api, path):
    for method in (api.get, api.post, api.delete):
        response = method(path)
        assert response.status_code == 404
        assert response.json()["code"] == "not_found"


def test_the_root_leads_to_the_docs(api):
    assert api.get("/api/")["Location"] == "/api/docs"


def test_a_wrong_method_says_which_are_right(api):
    response = api.post("/api/runs")

    assert response.status_code == 405
    assert response.json()["code"] == "method_not_allowed"
    assert "GET" in response["Allow"]
