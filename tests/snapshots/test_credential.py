from __future__ import annotations

from datetime import UTC, datetime, timedelta

from django.contrib.admin.models import LogEntry
from django.core import serializers
from django.db import connection
from django.test import TestCase
from django.urls import reverse

from prices.venues.caller import Chance
from snapshots.models import Account, Credential
from snapshots.models.login import StoredLogin
from snapshots.sources.base import CredentialMissing, CredentialRefused
from snapshots.sources.surroundings import Session
from tests.factories import make_user
from tests.snapshots.factories import make_account
from vault.secret import HIDDEN, Secret

NOW = datetime(2026, 3, 2, 13, 30, tzinfo=UTC)
PLANTED_KEY = "PLANTED-key-0123456789abcd"
PLANTED_SECRET = "PLANTED-secret-9876543210"
VERIFIER = "a-verifier-0123456789"
VALUES = {"key": PLANTED_KEY, "secret": PLANTED_SECRET}


def make_credential(account: Account | None = None, **values: str) -> Credential:
    """Make a credential for an account at CoinTracking's API."""
    account = account or make_account(source="cointracking_api", settings={})
    credential = Credential(account=account)
    given = values or VALUES
    credential.put(given, key=next(iter(given.values())), now=NOW)
    return credential


def make_session(token: str) -> Session:
    later = NOW + timedelta(minutes=20)
    return Session(
        access_token=Secret(token),
        access_until=later,
        refresh_token=Secret("a-refresh-token"),
        refresh_until=later,
        verifier=Secret(VERIFIER),
    )


class CredentialTests(TestCase):
    def login(self, credential):
        return StoredLogin(credential.account, Chance(now=lambda: NOW))

    def test_a_source_reads_what_was_set(self):
        fields = self.login(make_credential()).fields()

        self.assertEqual({name: one.reveal() for name, one in fields.items()}, VALUES)

    def other(self):
        return make_account(make_user("jill"), source="cointracking_api", settings={})

    def test_the_last_four_of_a_long_key_may_be_seen(self):
        self.assertEqual(make_credential().last_four, "abcd")
        self.assertEqual(make_credential(self.other(), key="short-key").last_four, "")

    def test_using_it_is_noted_to_the_minute(self):
        credential = make_credential()
        self.login(credential).fields()
        with self.assertNumQueries(1):  # the credential; it is not noted again
            self.login(credential).fields()

        credential.refresh_from_db()
        self.assertEqual(credential.last_used_at, NOW)

    def test_an_account_without_one_says_where_to_set_it(self):
        account = make_account(source="cointracking_api", settings={})

        with self.assertRaisesMessage(CredentialMissing, "Set it in the admin"):
            StoredLogin(account, Chance()).fields()

    def test_one_that_was_refused_is_not_used_until_it_is_set_anew(self):
        credential = make_credential()
        self.login(credential).refuse("Wrong API key.")
        with self.assertRaisesMessage(CredentialRefused, "Wrong API key."):
            self.login(credential).fields()

        credential.put(VALUES, key=PLANTED_KEY, now=NOW + timedelta(minutes=1))

        self.assertEqual(len(self.login(credential).fields()), 2)

    def test_a_refusal_of_what_was_there_before_is_forgotten(self):
        credential = make_credential()
        old = Credential.objects.get(pk=credential.pk)
        credential.put(VALUES, key=PLANTED_KEY, now=NOW + timedelta(minutes=1))

        old.refuse("Wrong API key.")

        self.assertEqual(len(self.login(credential).fields()), 2)

    def test_a_refusal_that_comes_late_leaves_what_was_set_or_logged_in_since(self):
        credential = make_credential()
        for renew in (
            lambda: credential.put(VALUES, key=PLANTED_KEY, now=NOW + timedelta(minutes=1)),
            lambda: credential.keep(make_session("a-new-login")),
        ):
            asked = self.login(credential)
            asked.fields()
            renew()

            asked.refuse("Wrong API key.")

            self.assertEqual(len(self.login(credential).fields()), 2)

    def test_what_can_be_read_of_it_is_hidden_also_if_the_rest_cannot(self):
        credential = make_credential()
        credential.keep(make_session("a-token"))
        hidden = self.login(credential).hide(f"{PLANTED_KEY} a-token {VERIFIER}")
        self.assertEqual(hidden, " ".join([HIDDEN] * 3))

        with connection.cursor() as cursor:
            cursor.execute("UPDATE snapshots_credential SET tokens = 'damaged'")

        self.assertEqual(self.login(credential).hide(PLANTED_KEY), HIDDEN)

    def test_nothing_of_it_is_in_the_database_or_in_what_is_dumped(self):
        credential = make_credential()
        with connection.cursor() as cursor:
            cursor.execute("SELECT * FROM snapshots_credential")
            stored = repr(cursor.fetchall())

        dumped = serializers.serialize("json", [credential])

        for text in (stored, dumped, repr(vars(credential)), str(credential)):
            self.assertNotIn("PLANTED", text)


class CredentialAdminTests(TestCase):
    def setUp(self):
        self.client.force_login(make_user("admin", is_staff=True, is_superuser=True))
        self.account = make_account(source="cointracking_api", settings={})
        self.url = reverse("admin:snapshots_account_change", args=[self.account.pk])

    def save(self, **given):
        account = self.account
        values = {
            "owner": account.owner_id,
            "name": account.name,
            "source": account.source,
            "currency": "USD",
            "timezone": "Europe/Zurich",
            "settings": "{}",
            "credential-TOTAL_FORMS": 1,
            "credential-INITIAL_FORMS": Credential.objects.count(),
            "credential-0-account": account.pk,
            "credential-0-id": getattr(Credential.objects.first(), "pk", ""),
        }
        given = {f"credential-0-{name}": value for name, value in given.items()}
        return self.client.post(self.url, values | given, follow=True)

    def test_it_is_set_and_never_shown(self):
        page = self.save(**VALUES)

        self.assertContains(page, "was changed successfully")
        again = self.client.get(self.url)
        self.assertContains(again, "key ends in abcd")
        self.assertNotContains(again, "PLANTED")
        self.assertNotIn("PLANTED", repr(list(LogEntry.objects.values())))
        self.assertEqual(Credential.objects.get().read()["secret"].reveal(), PLANTED_SECRET)

    def test_saving_the_account_leaves_it_as_it_is(self):
        self.save(**VALUES)
        before = Credential.objects.get().set_at

        self.assertContains(self.save(), "was changed successfully")

        self.assertEqual(Credential.objects.get().set_at, before)

    def test_half_of_it_is_refused(self):
        page = self.save(key=PLANTED_KEY)

        self.assertContains(page, "All are set together")
        self.assertNotContains(page, "PLANTED")
        self.assertFalse(Credential.objects.exists())

    def test_what_cannot_be_sent_is_refused_where_it_is_typed(self):
        for key in ("schlüssel-0123456789", "two words", "bell\x07"):
            page = self.save(key=key, secret=PLANTED_SECRET)

            self.assertContains(page, "a blank or a special character in it", count=1)
        self.assertFalse(Credential.objects.exists())

    def test_it_is_changed_and_deleted(self):
        self.save(**VALUES)
        self.save(key="another-key-0123456789", secret="another")
        self.assertEqual(Credential.objects.get().last_four, "6789")

        self.save(DELETE="on")

        self.assertFalse(Credential.objects.exists())

    def test_an_account_that_needs_none_has_no_place_for_it(self):
        account = make_account(make_user("jill"))
        page = self.client.get(reverse("admin:snapshots_account_change", args=[account.pk]))

        self.assertNotContains(page, "API secret")
