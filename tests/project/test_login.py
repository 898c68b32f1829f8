from __future__ import annotations

from django.contrib.auth.models import User
from django.test import Client, TestCase

from tests.factories import make_job, make_user
from tests.scheduling.admin.test_site import ASSET, INLINE

DOCS, ADMIN, LOGIN = "/api/docs", "/admin/", "/login/"


class LoginTestCase(TestCase):
    alice: User
    steve: User

    @classmethod
    def setUpTestData(cls) -> None:
        cls.alice = make_user("alice")
        cls.steve = make_user("steve", is_staff=True)

    def log_in(self, name: str, *, url: str = LOGIN, **values: str):
        body = {"username": name, "password": "secret", **values}
        return self.client.post(url, body, follow=True)


class LoginTests(LoginTestCase):
    def test_leads_who_is_not_staff_to_the_docs(self):
        self.assertRedirects(self.log_in("alice"), DOCS)

    def test_leads_staff_to_the_admin(self):
        self.assertRedirects(self.log_in("steve"), ADMIN)

    def test_leads_back_to_the_page_that_was_asked_for(self):
        asked = self.client.get("/api/docs", follow=True)

        self.assertRedirects(asked, "/login/?next=/api/docs")
        self.assertRedirects(self.log_in("steve", url=asked.context["app_path"]), DOCS)

    def test_opens_what_is_ones_own(self):
        make_job(key="mine", owner=self.alice)
        make_job(key="not_mine", owner=self.steve)
        self.log_in("alice")

        jobs = self.client.get("/api/jobs").json()["results"]

        self.assertEqual([job["key"] for job in jobs], ["mine"])

    def test_says_that_the_password_is_wrong(self):
        page = self.log_in("alice", password="guessed")

        self.assertContains(page, "Please enter a correct username and password.")
        self.assertNotContains(page, "staff")
        self.assertEqual(self.client.get("/api/jobs").status_code, 401)

    def test_lets_nobody_in_who_is_not_active(self):
        make_user("gone", is_active=False)

        self.log_in("gone")

        self.assertEqual(self.client.get("/api/jobs").status_code, 401)

    def test_leads_nowhere_else(self):
        for elsewhere in (
            "https://evil.example/", "//evil.example/", "/\\evil.example", "javascript:alert(1)",
            "http:evil.example", "\thttps://evil.example",
        ):  # fmt: skip
            with self.subTest(elsewhere):
                self.client.logout()
                self.assertRedirects(self.log_in("alice", next=elsewhere), DOCS)
                self.assertRedirects(self.client.get(LOGIN, {"next": elsewhere}), "/",
                                     target_status_code=302)  # fmt: skip

    def test_leads_on_who_is_logged_in_and_never_in_a_circle(self):
        self.client.force_login(self.alice)

        for query in ("", "?next=/login/", "?next=/login/?next=/login/", "?next=/"):
            self.assertRedirects(self.client.get(f"/login/{query}", follow=True), DOCS)

    def test_needs_a_csrf_token(self):
        answer = Client(enforce_csrf_checks=True).post(
            LOGIN, {"username": "alice", "password": "secret"}
        )

        self.assertEqual(answer.status_code, 403)

    def test_loads_nothing_from_elsewhere(self):
        page = self.client.get(LOGIN).content.decode()

        assets = ASSET.findall(page)
        self.assertTrue(assets)
        self.assertEqual([url for url in assets if not url.startswith("/static/")], [])
        self.assertIsNone(INLINE.search(page))


class LogoutTests(LoginTestCase):
    def test_is_a_button_of_the_docs(self):
        self.client.force_login(self.alice)

        docs = self.client.get(DOCS)

        self.assertContains(docs, "Logged in as alice")
        self.assertContains(docs, 'method="post" action="/logout/"')
        self.assertNotContains(docs, 'href="/admin/"')

    def test_ends_the_session(self):
        self.client.force_login(self.alice)

        answer = self.client.post("/logout/")

        self.assertRedirects(answer, LOGIN)
        self.assertEqual(self.client.get("/api/jobs").status_code, 401)

    def test_is_not_done_by_a_link(self):
        self.client.force_login(self.alice)

        answer = self.client.get("/logout/", follow=True)

        self.assertRedirects(answer, DOCS)
        self.assertEqual(self.client.get("/api/jobs").status_code, 200)


class HomeTests(LoginTestCase):
    def test_leads_everybody_to_where_they_work(self):
        for user, place in ((None, LOGIN), (self.alice, DOCS), (self.steve, ADMIN)):
            with self.subTest(place):
                self.client.logout()
                if user:
                    self.client.force_login(user)
                self.assertRedirects(self.client.get("/"), place)

    def test_leaves_the_admin_to_staff(self):
        self.client.force_login(self.alice)

        answer = self.client.get(ADMIN)

        self.assertRedirects(answer, "/admin/login/?next=/admin/")
