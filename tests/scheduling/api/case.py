"""People with roles: Alice and Bob have jobs, Steve is staff."""

from __future__ import annotations

from typing import Any

from django.contrib.auth.models import User
from django.test import TestCase
from rest_framework.test import APIClient

from tests.factories import make_user


def client_of(user: User | None) -> APIClient:
    """Return a client that speaks JSON as `user`; as nobody if None."""
    client = APIClient()
    client.default_format = "json"
    client.force_authenticate(user)
    return client


def job_body(**overrides: Any) -> dict[str, Any]:
    """Return what creates a job."""
    body: dict[str, Any] = {
        "key": "nightly",
        "name": "Nightly echo",
        "task": "tests.echo",
        "trigger": {"kind": "cron", "expression": "0 2 * * *"},
    }
    return {**body, **overrides}


class ApiTestCase(TestCase):
    alice: User
    bob: User
    steve: User

    @classmethod
    def setUpTestData(cls) -> None:
        cls.alice = make_user("alice")
        cls.bob = make_user("bob")
        cls.steve = make_user("steve", is_staff=True)

    def setUp(self) -> None:
        self.api = client_of(self.alice)
        self.staff_api = client_of(self.steve)
