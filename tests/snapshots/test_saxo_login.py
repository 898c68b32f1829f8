from __future__ import annotations

import logging
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from decimal import Decimal
from threading import Barrier
from unittest.mock import patch
from urllib.parse import parse_qs, urlsplit

import httpx
from django.db import connection
from django.test import TestCase, TransactionTestCase, override_settings
from django.urls import reverse
from django.utils import timezone

from prices.venues.caller import Chance
from scheduling.defaults import sync_default_jobs
from scheduling.exceptions import TaskFailed
from scheduling.models import Job
from snapshots.capture.taking import capture
from snapshots.demo.saxo import SaxoServer
from snapshots.models import Account, Credential
from snapshots.models.login import StoredLogin
from snapshots.slots import slot_of
from snapshots.sources.saxo_calls import CALLS_PER_SECOND
from snapshots.tasks import saxo_keepalive
from snapshots.upkeep.keeping import KEY, NO_LOGIN
from tests.factories import make_user
from tests.snapshots.factories import make_account, make_context
from tests.snapshots.sources.test_saxo_api import VERIFIER, session_of

MINUTE = timedelta(minutes=1)


def make_saxo_account(server: SaxoServer, *, is_logged_in: bool = True) -> Account:
    account = make_account(source="saxo_api", settings={}, currency="EUR")
    credential = Credential(account=account)
    credential.put({"app_key": server.app_key}, key=server.app_key, now=timezone.now())
    if is_logged_in:
        credential.keep(session_of(server.log_in(VERIFIER), now=timezone.now()))
    return account


class Here:
    """Saxo on this machine for as long as a test takes."""

    def setUp(self):
        super().setUp()
        self.server = self.enterContext(SaxoServer())
        here = {"SAXO_URL": f"{self.server.url}/openapi", "SAXO_LOGIN_URL": self.server.url}
        self.enterContext(override_settings(**here))
        # How fast Saxo may be asked is not what is shown here.
        self.enterContext(patch.dict(CALLS_PER_SECOND, port=100.0, hist=100.0))


class LoginTests(Here, TestCase):
    def setUp(self):
        super().setUp()
        self.client.force_login(make_user("admin", is_staff=True, is_superuser=True))
        self.account = make_saxo_account(self.server, is_logged_in=False)
        self.page = reverse("admin:snapshots_account_change", args=[self.account.pk])

    def go(self):
        """Return the way back that Saxo sends us."""
        there = self.client.get(reverse("admin:snapshots_account_saxo", args=[self.account.pk]))
        return urlsplit(httpx.get(there["Location"]).headers["Location"])

    def test_there_and_back_somebody_is_logged_in(self):
        sync_default_jobs()
        self.assertIn(NO_LOGIN, Job.objects.get(key=KEY).state_reason)
        back = self.go()

        page = self.client.get(f"{back.path}?{back.query}", follow=True)

        self.assertContains(page, "Logged in at Saxo")
        self.assertContains(page, "expires")
        self.assertTrue(self.account.open_source().fetch().is_complete)
        self.assertEqual(Job.objects.get(key=KEY).state, Job.State.ACTIVE)

    def test_who_is_to_log_in_again_can(self):
        StoredLogin(self.account, Chance()).refuse("The login ended.")
        self.assertContains(self.client.get(self.page), "refused: The login ended.")
        back = self.go()

        page = self.client.get(f"{back.path}?{back.query}", follow=True)

        self.assertContains(page, "Logged in at Saxo")
        self.assertNotContains(page, "refused")
        self.assertTrue(self.account.open_source().fetch().is_complete)

    def test_an_end_that_has_come_is_not_told_as_one_that_will(self):
        self.account.credential.keep(session_of(self.server.log_in(VERIFIER), now=timezone.now()))
        StoredLogin(self.account, Chance()).refuse("The login ended.")

        page = self.client.get(self.page)

        self.assertContains(page, "nobody is logged in")
        self.assertNotContains(page, "expires")

    def test_a_way_back_counts_once(self):
        back = self.go()
        self.client.get(f"{back.path}?{back.query}")

        page = self.client.get(f"{back.path}?{back.query}", follow=True)

        self.assertContains(page, "was not begun here")

    def test_somebody_elses_way_back_is_refused(self):
        back = self.go()
        code = parse_qs(back.query)["code"][0]

        page = self.client.get(f"{back.path}?code={code}&state=guessed", follow=True)

        self.assertContains(page, "was not begun here")
        self.assertIsNone(Credential.objects.get().tokens)

    def test_a_code_that_saxo_does_not_know_says_so(self):
        back = self.go()
        state = parse_qs(back.query)["state"][0]

        page = self.client.get(f"{back.path}?code=wrong&state={state}", follow=True)

        self.assertContains(page, "invalid_grant")

    def test_the_page_leads_there(self):
        self.assertContains(self.client.get(self.page), "Log in at Saxo")


class KeepAliveTests(Here, TestCase):
    def test_a_session_that_ends_soon_is_renewed(self):
        account = make_saxo_account(self.server)
        self.age(account, 10 * MINUTE)

        self.assertEqual(saxo_keepalive(make_context()), {"logins": 1, "renewed": 1})

        session = Credential.objects.get().session
        self.assertGreater(session.access_until, timezone.now() + 19 * MINUTE)

    def test_a_fresh_one_is_left_alone(self):
        make_saxo_account(self.server)

        self.assertEqual(saxo_keepalive(make_context()), {"logins": 1, "renewed": 0})

    def test_one_that_is_over_fails_and_is_not_tried_again(self):
        account = make_saxo_account(self.server)
        self.age(account, 90 * MINUTE)
        logging.getLogger("snapshots.pnl_snapshot").setLevel(logging.CRITICAL)

        with self.assertRaisesMessage(TaskFailed, "log in again") as failure:
            saxo_keepalive(make_context())
        self.assertTrue(failure.exception.permanent)  # a retry would succeed: there is no login

        self.assertEqual(saxo_keepalive(make_context()), {"logins": 0, "renewed": 0})

    def age(self, account, by):
        """Make the session as old as that."""
        credential = Credential.objects.get(account=account)
        tokens = self.server.log_in(VERIFIER)
        credential.keep(session_of(tokens, now=timezone.now() - by))


class ReliabilityTests(Here, TestCase):
    def test_09_a_number_that_saxo_does_not_stand_by_is_suspect(self):
        account = make_saxo_account(self.server)
        account.settings = {"usd_rate": {"rate": "1.08", "at": "2026-03-02", "source": "ECB"}}
        account.save()
        self.server.reliability = "PricePending"
        # The end of a day: a quarter of an hour might be over before Saxo has answered.
        slot = slot_of(timezone.now(), is_eod=True, zone=account.zone)

        captured = capture(account, slot, min_usd=Decimal(1), run_id=None)

        self.assertEqual(captured.snapshot.status, "suspect")


class ManyWorkersTests(Here, TransactionTestCase):
    def test_09_workers_that_notice_at_once_keep_one_valid_token(self):
        account = make_saxo_account(self.server)
        self.server.end_access()
        together = Barrier(4)

        def fetch(_):
            together.wait()
            try:
                return account.open_source().fetch().is_complete
            finally:
                connection.close()

        with ThreadPoolExecutor(4) as threads:
            self.assertEqual(list(threads.map(fetch, range(4))), [True] * 4)

        self.assertEqual((self.server.refreshed, self.server.refused), (1, 0))
