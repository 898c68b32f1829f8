"""Every endpoint of portfolios, asked by somebody who has none."""

from __future__ import annotations

from django.urls import reverse

from snapshots.api.root_urls import urlpatterns as root_patterns
from snapshots.api.urls import urlpatterns
from tests.snapshots.api.case import PortfolioTestCase

PATHS = sorted(
    {reverse(f"snapshots_api:{one.name}") for one in urlpatterns if "<" not in str(one.pattern)}
    | {reverse(one.name) for one in root_patterns}
)
OF_AN_ACCOUNT = {"uploads": "post"}
LISTS = {"/api/accounts", "/api/snapshots"}
SECRETS = ("121.00", "Main", "BTC")  # not 121: a moment may have it in its microseconds


class OwnershipTests(PortfolioTestCase):
    def test_every_endpoint_is_known_to_this_test(self):
        known = len(PATHS) + len(OF_AN_ACCOUNT)
        self.assertEqual(known, len(urlpatterns) + len(root_patterns))

    def test_account_of_others_is_not_found(self):
        for name, method in OF_AN_ACCOUNT.items():
            path = reverse(f"snapshots_api:{name}", args=[self.account.pk])

            answer = getattr(self.bobs_api, method)(path)

            self.assertEqual(answer.status_code, 404, path)

    def test_nobody_sees_anything_of_others_unasked(self):
        for path in PATHS:
            answer = self.bobs_api.get(path)

            self.assertEqual(answer.status_code, 200, path)
            for secret in SECRETS:
                self.assertNotIn(secret, answer.content.decode(), path)

    def test_nobody_sees_others_by_naming_them(self):
        for path in PATHS:
            for query in (
                {"user_id": self.alice.pk},
                {"user_id": self.alice.get_username()},
                {"account": self.account.pk},
            ):
                if path == "/api/accounts" and "account" in query:
                    continue
                answer = self.bobs_api.get(path, query)

                self.assertIn(answer.status_code, (200, 404), path)
                for secret in SECRETS:
                    self.assertNotIn(secret, answer.content.decode(), (path, query))
                if "user_id" in query and path not in LISTS:
                    self.assertEqual(answer.status_code, 404, path)

    def test_owners_and_staff_see_it(self):
        for path in PATHS:
            whose = {"user_id": self.alice.get_username()}
            for api, query in ((self.api, {}), (self.staff_api, whose)):
                answer = api.get(path, query)

                self.assertEqual(answer.status_code, 200, path)
                text = answer.content.decode()
                self.assertTrue(any(one in text for one in (*SECRETS, "110", "10.00")), path)

    def test_what_staff_asked_for_is_not_told_to_others_from_the_cache(self):
        for path in PATHS:
            self.staff_api.get(path, {"user_id": self.alice.pk})

            self.assertNotIn("121.00", self.bobs_api.get(path).content.decode(), path)

    def test_nobody_sees_anything_without_a_login(self):
        self.api.force_authenticate(None)

        for path in PATHS:
            self.assertEqual(self.api.get(path).status_code, 401, path)
