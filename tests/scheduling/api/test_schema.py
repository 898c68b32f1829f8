"""The OpenAPI schema is valid, and the API keeps to it, whatever comes in."""

from __future__ import annotations

from collections.abc import Iterator
from io import StringIO
from typing import Any

import pytest
import schemathesis
from django.contrib.staticfiles import finders
from django.core.management import call_command
from django.core.signals import request_finished, request_started
from django.db import close_old_connections
from django.test import Client
from drf_spectacular.generators import SchemaGenerator
from hypothesis import HealthCheck, Phase, settings
from knox.models import AuthToken
from schemathesis.checks import load_all_checks
from schemathesis.specs.openapi import checks

from project.wsgi import application
from tests.factories import make_job, make_run, make_user

load_all_checks()
openapi = schemathesis.openapi.from_dict(SchemaGenerator().get_schema(public=True))
openapi.app = application

# A body of the right form may still name a task, a cron expression or a zone that is none.
ABOUT_MEANING = [checks.positive_data_acceptance]


@pytest.fixture
def _open_connection() -> Iterator[None]:
    """Keep the connection between requests: it holds the transaction of the test."""
    for signal in (request_started, request_finished):
        signal.disconnect(close_old_connections)
    yield
    for signal in (request_started, request_finished):
        signal.connect(close_old_connections)


@pytest.fixture
def headers(db: None, _open_connection: None) -> dict[str, str]:
    """Alice has a job called a and a run of it."""
    alice = make_user("alice")
    make_run(make_job(key="a", owner=alice))
    _, token = AuthToken.objects.create(alice)
    return {"Authorization": f"Token {token}"}


@openapi.parametrize()
@settings(
    max_examples=10,
    derandomize=True,
    deadline=None,
    database=None,
    phases=[Phase.explicit, Phase.generate],
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
def test_whatever_comes_in_is_answered_as_the_schema_says(case, headers):
    if "key" in case.path_parameters and len(case.path_parameters["key"]) > 5:
        case.path_parameters["key"] = "a"

    case.call_and_validate(headers=headers, excluded_checks=ABOUT_MEANING)


def test_the_schema_is_valid_and_complete():
    output = StringIO()

    call_command("spectacular", validate=True, fail_on_warn=True, stdout=output)

    assert "openapi: 3.0" in output.getvalue()


def test_paths_in_the_schema_are_those_of_the_api():
    paths: dict[str, Any] = openapi.raw_schema["paths"]

    assert "/api/jobs/{key}/trigger" in paths
    assert not [path for path in paths if path.endswith("/")]


@pytest.mark.django_db
def test_the_docs_load_nothing_from_elsewhere():
    client = Client()
    client.force_login(make_user())

    page = client.get("/api/docs").content.decode()
    script = client.get("/api/docs?script=").content.decode()

    assert "/api/docs?script=" in page
    assert "/api/schema" in script
    for text in (page, script):
        assert "http://" not in text
        assert "https://" not in text
    assert finders.find("drf_spectacular_sidecar/swagger-ui-dist/swagger-ui-bundle.js")
