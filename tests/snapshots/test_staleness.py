from __future__ import annotations

from datetime import UTC, datetime, timedelta

from django.core import mail
from django.test import TestCase, override_settings

from snapshots.findings import find
from snapshots.models import Account, Credential, Snapshot, Upload, Watch
from snapshots.upkeep.staleness import look
from tests.factories import make_job, make_run
from tests.prices.factories import make_instrument
from tests.snapshots.curves import make_tracked, quarter
from tests.snapshots.factories import make_context

NOW = datetime(2026, 3, 4, 12, 15, tzinfo=UTC)
HOUR = timedelta(hours=1)


class StalenessTests(TestCase):
    def setUp(self):
        self.account = make_tracked()

    def look(self, at=NOW):
        return look(make_context(scheduled_at=at))

    def state(self):
        return Watch.objects.get(subject=f"account:{self.account.pk}").state

    def test_account_is_fresh_then_late_then_stale(self):
        quarter(self.account, NOW, 100)
        states = []

        for hours in (1, 25, 73):
            self.look(NOW + hours * HOUR)
            states.append(self.state())

        self.assertEqual(states, ["fresh", "late", "stale"])

    def test_change_is_told_once(self):
        quarter(self.account, NOW, 100)
        self.look()

        with self.assertLogs("snapshots.pnl_snapshot", "WARNING") as logs:
            told = [len(self.look(NOW + hours * HOUR)["changed"]) for hours in (25, 26, 27)]

        self.assertEqual((told, len(logs.output)), ([1, 0, 0], 1))

    def test_a_file_of_saxo_grows_no_older_over_a_weekend(self):
        self.account.source = "saxo"
        self.account.save()
        quarter(self.account, NOW, 100)  # a Wednesday
        states = []

        for hours in (24, 2 * 24 + 10, 3 * 24 + 10, 5 * 24, 8 * 24):
            self.look(NOW + hours * HOUR)
            states.append(self.state())

        self.assertEqual(states, ["fresh", "late", "late", "late", "stale"])

    def test_limit_of_an_account_goes_before_that_of_its_source(self):
        self.account.settings["stale_after_hours"] = 1
        self.account.save()
        quarter(self.account, NOW, 100)

        self.look(NOW + 2 * HOUR)

        self.assertEqual(self.state(), "late")

    def test_account_without_data_is_never_and_one_that_fails_is_unreadable(self):
        self.look()
        never = self.state()
        quarter(self.account, NOW, None, status=Snapshot.Status.FAILED)
        self.look()

        self.assertEqual((never, self.state()), ("never", "unreadable"))

    def test_login_that_has_ended_is_told_once_with_what_to_do(self):
        quarter(self.account, NOW, 100)
        self.look()
        credential = Credential(account=self.account)
        credential.put({"app_key": "0123456789"}, key="0123456789", now=NOW)
        credential.refuse("Log in again.")

        with self.assertLogs("snapshots.pnl_snapshot", "WARNING") as logs:
            told = [len(self.look(NOW + turn * HOUR)["changed"]) for turn in range(3)]

        self.assertEqual(told, [1, 0, 0])
        self.assertIn("is unreadable (was fresh): Log in again.", logs.output[0])

    def test_upload_that_was_refused_makes_it_unreadable_until_another_comes(self):
        self.account.settings = {}
        self.account.save()
        quarter(self.account, NOW, 100)
        self.upload(b"nonsense")
        Upload.objects.update(state="refused", problem="No header.")
        self.look()
        refused = Watch.objects.get().says
        self.upload(b"good", minutes=1)

        self.look()

        self.assertEqual((refused[-10:], self.state()), ("No header.", "fresh"))

    def upload(self, data, *, minutes=0):
        at = NOW - HOUR + timedelta(minutes=minutes)
        return Upload.objects.take(self.account, name="a.csv", data=data, by=None, now=at)

    def test_sources_are_counted(self):
        self.assertEqual(self.look()["sources"], {"cointracking": {"never": 1}})

    def test_what_is_watched_no_more_is_forgotten(self):
        self.look()
        self.account.wants_eod = self.account.wants_intraday = False
        self.account.save()

        self.look()

        self.assertFalse(Watch.objects.exists())

    def test_tracked_series_are_watched_too(self):
        make_instrument(is_tracked=True)

        states = self.look()["states"]

        self.assertEqual(states, {"never": 3})  # the account, its hours and its days

    def test_snapshots_to_review_are_found(self):
        quarter(self.account, NOW, 100, status=Snapshot.Status.SUSPECT)

        (finding,) = [one for one in find(NOW) if one.subject == "Snapshots"]

        self.assertEqual(finding.words, "1 to review")
        self.assertIn("status__exact=suspect", finding.url)

    def test_health_tells_of_accounts_that_are_not_fresh(self):
        self.look()

        (finding,) = find(NOW)

        self.assertEqual((finding.subject, finding.tone), ("Data of Main (cointracking)", "warn"))

    def test_health_tells_that_nobody_looks(self):
        Account.objects.update(created_at=NOW)
        job = make_job(key="staleness_monitor")
        words = [self.said(NOW + HOUR), self.said(NOW + 4 * HOUR)]
        make_run(job, status="succeeded", scheduled_at=NOW, started_at=NOW, finished_at=NOW)

        words += [self.said(NOW + 2 * HOUR), self.said(NOW + 4 * HOUR)]

        expected = ["", "Nobody has looked yet", "", "Nobody has looked since"]
        self.assertEqual([one.split(":")[0].split(" 20")[0] for one in words], expected)

    def said(self, at):
        return " ".join(one.words for one in find(at))


@override_settings(NOTIFY_EMAILS=["operator@example.org"])
class NotifyingTests(TestCase):
    def setUp(self):
        self.account = make_tracked(name="Main\nBcc: eve@example.org")
        quarter(self.account, NOW, 100)

    def look(self, hours):
        return look(make_context(scheduled_at=NOW + hours * HOUR))

    def test_each_change_is_one_mail_to_the_operators(self):
        for hours in (1, 25, 26, 73, 74):
            self.look(hours)

        self.assertEqual([one.subject[-6:] for one in mail.outbox], [": late", " stale"])
        self.assertEqual(mail.outbox[0].to, ["operator@example.org"])
        self.assertIn("late. Data from 2026-03-04 12:15Z, limit 24 h.", mail.outbox[0].body)
        self.assertIn("stale (was late)", mail.outbox[1].body)

    def test_changes_of_one_look_come_together(self):
        make_tracked(self.account.owner, name="Other")

        self.look(25)

        self.assertEqual([one.subject for one in mail.outbox],
                         ["Daybook: 2 changes in how late data is"])  # fmt: skip

    def test_what_could_not_be_sent_is_sent_the_next_time_if_it_is_still_so(self):
        self.look(1)
        smtp = "django.core.mail.backends.smtp.EmailBackend"
        with override_settings(EMAIL_BACKEND=smtp, EMAIL_HOST="127.0.0.1", EMAIL_PORT=9):
            outcome = self.look(25)

        self.look(26)

        self.assertIn("ConnectionRefusedError", outcome.reason)
        self.assertEqual(len(mail.outbox), 1)

    @override_settings(NOTIFY_EMAILS=[])
    def test_without_an_address_the_log_has_it(self):
        with self.assertLogs("snapshots.pnl_snapshot", "WARNING"):
            self.look(25)

        self.assertEqual((mail.outbox, Watch.objects.get().told_state), ([], "late"))
