from __future__ import annotations

import pytest
from django.db import OperationalError, connection
from django.test import Client, override_settings
from knox.models import AuthToken

from tests.scheduling.api.case import ApiTestCase

WITH_TOKEN = override_settings(METRICS_TOKEN="let-me-in")


def get(authorization: str = ""):
    return Client().get("/metrics", headers={"Authorization": authorization})


class WhoMayScrapeTests(ApiTestCase):
    @WITH_TOKEN
    def test_prometheus_with_the_token_in_the_settings(self):
        response = get("Bearer let-me-in")

        self.assertEqual(response.status_code, 200)
        self.assertEqual(response["Content-Type"], "text/plain; version=0.0.4; charset=utf-8")
        self.assertIn("daybook_database_up 1.0", response.content.decode())

    @WITH_TOKEN
    def test_nobody_with_another_one(self):
        for authorization in ("", "Bearer", "Bearer let-me-i", "Bearer lét-me-in", "let-me-in"):
            response = get(authorization)

            self.assertEqual(response.status_code, 401, authorization)
            self.assertEqual(response["WWW-Authenticate"], "Bearer")

    def test_nobody_where_none_is_set(self):
        for authorization in ("", "Bearer ", "Bearer None"):
            self.assertEqual(get(authorization).status_code, 401)

    def test_staff_with_an_api_token(self):
        _, token = AuthToken.objects.create(self.steve)

        self.assertEqual(get(f"Token {token}").status_code, 200)

    def test_staff_with_a_session(self):
        client = Client()
        client.force_login(self.steve)

        self.assertEqual(client.get("/metrics/").status_code, 200)

    def test_other_users_may_not(self):
        _, token = AuthToken.objects.create(self.alice)
        client = Client()
        client.force_login(self.alice)

        self.assertEqual(get(f"Token {token}").status_code, 401)
        self.assertEqual(client.get("/metrics").status_code, 401)

    def test_it_takes_no_orders(self):
        self.assertEqual(Client().post("/metrics").status_code, 405)

    @WITH_TOKEN
    @override_settings(SECURE_SSL_REDIRECT=True)
    def test_prometheus_comes_from_inside_without_tls(self):
        self.assertEqual(get("Bearer let-me-in").status_code, 200)


@pytest.mark.django_db
@WITH_TOKEN
def test_a_database_that_is_away_can_be_told_to_prometheus(away):
    response = get("Bearer let-me-in")

    assert (response.status_code, response.content.count(b"daybook_")) == (200, 3)
    assert b"daybook_database_up 0.0" in response.content


@pytest.mark.django_db
def test_whoever_must_be_looked_up_is_told_of_it_too(away):
    response = get("Token daybook_abc")

    assert response.status_code == 503


@pytest.fixture
def away():
    def refuse(*args: object) -> None:
        raise OperationalError("gone fishing")

    with connection.execute_wrapper(refuse):
        yield
