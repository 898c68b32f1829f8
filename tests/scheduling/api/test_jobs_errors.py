from __future__ import annotations

from typing import Any

import pytest

from scheduling.models import Job
from tests.factories import make_user
from tests.scheduling.api.case import client_of, job_body


def trigger(**overrides: Any) -> dict[str, Any]:
    return {"trigger": {"kind": "cron", "expression": "0 2 * * *", **overrides}}


TYPED = {"task": "tests.typed"}
WRONG = [
    # what is changed in a good body, where the error stands, what it says
    ({"task": "tests.eco"}, ["task"], "Did you mean 'tests.echo'?"),
    (trigger(expression="61 * * * *"), ["trigger", "expression"], "61"),
    (trigger(expression=""), ["trigger", "expression"], "blank"),
    (trigger(kind="corn"), ["trigger", "kind"], "Did you mean cron?"),
    (trigger(kind=None), ["trigger", "kind"], "null"),
    (trigger(timezone="Europe/Zürich"), ["trigger", "timezone"], "Europe/Zurich"),
    (trigger(end_at="2020-01-01T00:00:00Z"), ["trigger", "end_at"], "past"),
    (trigger(start_at="2099-01-01T00:00:00"), ["trigger", "start_at"], "offset"),
    (trigger(start_at="0001-01-01T00:00:00+14:00"), ["trigger", "start_at"], "year"),
    (trigger(start_at=5), ["trigger", "start_at"], "format"),
    (trigger(jitter_seconds=-1), ["trigger", "jitter_seconds"], "0"),
    (trigger(jitter_seconds=10**30), ["trigger", "jitter_seconds"], "86400"),
    (trigger(start="2099-01-01T00:00:00Z"), ["trigger", "start"], "Did you mean 'start_at'?"),
    ({"trigger": "0 2 * * *"}, ["trigger", "non_field_errors"], "dictionary"),
    ({"params": {"text": 5}}, ["params", "text"], "string"),
    ({"params": {"texts": "a"}}, ["params", "texts"], "The task takes: text, times."),
    ({"params": {"times": 11}}, ["params", "times"], "10"),
    ({"params": {"text": "a\x00b"}}, ["params", "text"], "NUL"),
    ({"params": {"a\x00b": 1}}, ["params"], "NUL"),
    ({"params": [1]}, ["params"], "dictionary"),
    ({**TYPED, "params": {}}, ["params", "amount"], "required"),
    ({**TYPED, "params": {"amount": "ten"}}, ["params", "amount"], "decimal"),
    ({**TYPED, "params": {"amount": 1, "symbols": [1]}}, ["params", "symbols"], "0: "),
    ({**TYPED, "params": {"amount": 10**500}}, ["params", "amount"], "too large"),
    ({"timeout_seconds": -1}, ["timeout_seconds"], "1"),
    ({"timeout_seconds": "60"}, ["timeout_seconds"], "integer"),
    ({"timeout_seconds": 10**12}, ["timeout_seconds"], "2147483647"),
    ({"timeout_seconds": None}, ["timeout_seconds"], "null"),
    ({"max_attempts": 0}, ["max_attempts"], "1"),
    ({"max_attempts": True}, ["max_attempts"], "integer"),
    ({"max_attempts": 40_000}, ["max_attempts"], "32767"),
    ({"max_instances": 2}, ["max_instances"], "overlap"),
    ({"overlap": "sometimes"}, ["overlap"], "sometimes"),
    ({"coalesce": "yes"}, ["coalesce"], "boolean"),
    ({"coalesce": 1}, ["coalesce"], "boolean"),
    ({"coalesce": None}, ["coalesce"], "null"),
    ({"misfire_grace_seconds": 0}, ["misfire_grace_seconds"], "1"),
    ({"misfire_grace_time": 5}, ["misfire_grace_time"], "Did you mean 'misfire_grace_seconds'?"),
    ({"key": "Nightly Job"}, ["key"], "lower-case"),
    ({"key": "x" * 101}, ["key"], "100"),
    ({"key": 5}, ["key"], "string"),
    ({"name": "a\x00b"}, ["name"], "Null"),
    ({"name": "x" * 201}, ["name"], "200"),
    ({"name": ["a"]}, ["name"], "string"),
]


@pytest.mark.django_db
@pytest.mark.parametrize(("change", "place", "said"), WRONG, ids=lambda value: repr(value)[:60])
def test_a_wrong_field_is_named(change, place, said):
    response = client_of(make_user()).post("/api/jobs", job_body(**change))

    assert response.status_code == 400
    assert response.data["code"] == "invalid"
    assert said in str(at(response.data, place))
    assert not Job.objects.exists()


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("kind", "hint"),
    [("crno", "Did you mean cron?"), ("weekly", "Use one of cron, interval, date.")],
)
def test_an_unknown_kind_is_one_mistake_and_one_message(kind, hint):
    client = client_of(make_user())

    for url, body in (
        ("/api/jobs", job_body(**trigger(kind=kind))),
        ("/api/jobs/preview", trigger(kind=kind)),
    ):
        data = client.post(url, body).json()

        said = f"Unknown kind of trigger '{kind}'. {hint}"
        assert data == {"trigger": {"kind": [said]}, "code": "invalid"}


@pytest.mark.django_db
def test_all_that_is_wrong_is_said_at_once():
    body = job_body(
        **trigger(expression="x", timezone="Mars"), params={"times": 99}, task="tests.echo"
    )

    data = client_of(make_user()).post("/api/jobs", body).json()

    assert set(data) == {"trigger", "params", "code"}
    assert set(data["trigger"]) == {"expression", "timezone"}
    assert set(data["params"]) == {"times"}


@pytest.mark.django_db
def test_unknown_fields_do_not_hide_wrong_ones():
    body = job_body(timout_seconds=5, max_attempts=0, **trigger(jitter=1, jitter_seconds=-1))

    data = client_of(make_user()).post("/api/jobs", body).json()

    assert set(data) == {"timout_seconds", "max_attempts", "trigger", "code"}
    assert set(data["trigger"]) == {"jitter", "jitter_seconds"}


@pytest.mark.django_db
@pytest.mark.parametrize(
    "body",
    [
        b"{",
        b'{"key": NaN}',
        b"[" * 100_000,
        b"[1]",
        b'"text"',
        b"null",
        b"\xff",
        b"9" * 5000,
        rb'{"\ud800": 1}',
    ],
    ids=["cut", "nan", "deep", "list", "text", "null", "not-utf-8", "huge", "surrogate"],
)
def test_a_body_that_is_no_job_is_refused(body):
    client = client_of(make_user())

    response = client.post("/api/jobs", body, content_type="application/json")

    assert response.status_code == 400
    assert response.json()["code"] in ("parse_error", "invalid")


@pytest.mark.django_db
def test_a_form_is_refused():
    response = client_of(make_user()).post("/api/jobs", "key=a", content_type="text/plain")

    assert response.status_code == 415
    assert response.json()["code"] == "unsupported_media_type"


def at(data: Any, place: list[str]) -> Any:
    for name in place:
        data = data[name]
    return data
