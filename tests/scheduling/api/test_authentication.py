from __future__ import annotations

from datetime import timedelta

from django.test import Client
from knox.models import AuthToken
from rest_framework.test import APIClient

from tests.factories import make_job
from tests.scheduling.api.case import ApiTestCase


class TokenTests(ApiTestCase):
    def get_with(self, header: str):
        return APIClient().get("/api/jobs", HTTP_AUTHORIZATION=header)

    def test_a_token_opens_what_its_user_may_see(self):
        make_job(key="nightly", owner=self.alice)
        _, token = AuthToken.objects.create(self.alice)

        response = self.get_with(f"Token {token}")

        self.assertEqual(response.status_code, 200)
        self.assertEqual(response.data["count"], 1)

    def test_an_expired_token_does_not(self):
        _, token = AuthToken.objects.create(self.alice, expiry=timedelta(seconds=-1))

        response = self.get_with(f"Token {token}")

        self.assertEqual(response.status_code, 401)
        self.assertEqual(response.json()["code"], "authentication_failed")

    def test_the_token_of_a_locked_user_does_not(self):
        _, token = AuthToken.objects.create(self.alice)
        self.alice.is_active = False
        self.alice.save()

        self.assertEqual(self.get_with(f"Token {token}").status_code, 401)

    def test_what_is_no_token_is_refused(self):
        for header in (
            "Token",
            "Token x",
            "Token a b",
            "Token \xff\xfe",
            "Token a\x00b",
            "Bearer x",
        ):
            response = self.get_with(header)
            self.assertEqual(response.status_code, 401, header)
            self.assertEqual(response["WWW-Authenticate"], "Token")


class SchemaTests(ApiTestCase):
    def test_without_a_login_is_refused_in_json(self):
        for accept in ("*/*", "application/vnd.oai.openapi"):
            response = Client().get("/api/schema", HTTP_ACCEPT=accept)

            self.assertEqual(response.status_code, 401)
            self.assertEqual(response["Content-Type"], "application/json")
            self.assertEqual(response.json()["code"], "not_authenticated")

    def test_an_unknown_type_is_refused_in_json(self):
        response = Client().get("/api/schema", HTTP_ACCEPT="image/png")

        self.assertEqual(response.status_code, 406)
        self.assertEqual(response.json()["code"], "not_acceptable")

    def test_with_a_login_is_yaml(self):
        client = Client()
        client.force_login(self.alice)

        response = client.get("/api/schema")

        self.assertEqual(response.status_code, 200)
        self.assertIn("application/vnd.oai.openapi;", response["Content-Type"])


class SessionTests(ApiTestCase):
    def test_a_session_reads(self):
        client = Client()
        client.force_login(self.alice)

        self.assertEqual(client.get("/api/jobs").status_code, 200)

    def test_a_session_writes_with_a_csrf_token_only(self):
        make_job(key="nightly", owner=self.alice)
        client = Client(enforce_csrf_checks=True)
        client.force_login(self.alice)

        response = client.post("/api/jobs/nightly/trigger", content_type="application/json")

        self.assertEqual(response.status_code, 403)
        self.assertEqual(response.json()["code"], "permission_denied")
        client.cookies["csrftoken"] = "a" * 32
        response = client.post(
            "/api/jobs/nightly/trigger", content_type="application/json", HTTP_X_CSRFTOKEN="a" * 32
        )
        self.assertEqual(response.status_code, 202)

    def test_the_docs_send_to_the_login(self):
        response = Client().get("/api/docs")

        self.assertRedirects(response, "/login/?next=/api/docs")
