from __future__ import annotations

import time

import pytest
from django.db import OperationalError, connection
from django.db.migrations.recorder import MigrationRecorder
from django.test import Client, TestCase


class ProbeTests(TestCase):
    def test_a_process_that_lives_says_so_without_a_query(self):
        with self.assertNumQueries(0):
            response = Client().get("/healthz")

        self.assertEqual(response.status_code, 200)
        self.assertEqual(response.json(), {"ok": True})

    def test_a_migrated_database_is_ready(self):
        # 1. is there a table of migrations? 2. which are applied?
        with self.assertNumQueries(2):
            response = Client().get("/readyz")

        self.assertEqual(response.status_code, 200)
        self.assertEqual(response.json(), {"ok": True, "database": True, "migrations": True})

    def test_a_missing_migration_is_named(self):
        MigrationRecorder(connection).record_unapplied("scheduling", "0001_initial")

        response = Client().get("/readyz")

        self.assertEqual(response.status_code, 503)
        self.assertEqual(response.json()["missing"], ["scheduling.0001_initial"])
        self.assertIn("manage.py migrate", response.json()["message"])

    def test_probes_are_cheap(self):
        client = Client()
        client.get("/readyz")

        took = []
        for _ in range(10):
            start = time.perf_counter()
            client.get("/readyz")
            took.append(time.perf_counter() - start)

        self.assertLess(min(took), 0.05)  # others use the machine, too

    def test_they_need_no_tls_and_no_slash(self):
        with self.settings(SECURE_SSL_REDIRECT=True):
            for path in ("/healthz", "/readyz"):
                self.assertEqual(Client().get(path).status_code, 200)
        self.assertEqual(Client().get("/healthz/").status_code, 200)

    def test_they_take_no_orders(self):
        self.assertEqual(Client().post("/readyz").status_code, 405)


@pytest.mark.django_db
def test_a_database_that_does_not_answer_is_not_ready(away):
    response = Client().get("/readyz")

    assert response.status_code == 503
    assert response.json()["database"] is False
    assert "gone fishing" in response.json()["message"]


@pytest.mark.django_db
def test_an_endpoint_says_that_the_database_is_away(away):
    client = Client()
    client.cookies["sessionid"] = "a" * 32

    response = client.get("/api/jobs")

    assert response.status_code == 503
    assert response.json()["code"] == "database_unavailable"
    assert response["Retry-After"] == "1"


@pytest.fixture
def away():
    def refuse(*args: object) -> None:
        raise OperationalError("gone fishing")

    with connection.execute_wrapper(refuse):
        yield
