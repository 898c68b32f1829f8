from __future__ import annotations

from datetime import UTC, datetime, timedelta
from io import BytesIO

from django.core.exceptions import ValidationError
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import TestCase
from django.urls import reverse
from drf_spectacular.generators import SchemaGenerator

from scheduling.context import Degraded
from scheduling.defaults import sync_default_jobs
from scheduling.models import Job, Run
from snapshots.intake.reading import KEY
from snapshots.models import Upload
from snapshots.models.upload import KEPT
from snapshots.sources.export_file import MAX_BYTES
from snapshots.tasks import read_uploads
from tests.factories import make_user
from tests.scheduling.api.case import ApiTestCase
from tests.snapshots.factories import current_balance, make_account, make_context
from tests.snapshots.sources.test_saxo import TESLA, csv_of

NOW = datetime(2026, 3, 2, 13, 30, tzinfo=UTC)
BALANCE = current_balance().encode()
HOUR = timedelta(hours=1)


def take(account, data=BALANCE, *, name="balance.csv", now=NOW):
    return Upload.objects.take(account, name=name, data=data, by=None, now=now)


class UploadTests(TestCase):
    def setUp(self):
        self.account = make_account(settings={})

    def test_what_was_uploaded_is_read_by_a_run_and_then_counts(self):
        upload, _ = take(self.account)

        self.assertEqual(read_uploads(make_context()), {"read": 1, "refused": 0})

        upload.refresh_from_db()
        self.assertEqual((upload.state, upload.positions, upload.run_id), ("read", 6, 7))
        statement = self.account.open_source().fetch()
        self.assertEqual((len(statement.positions), statement.as_of), (6, NOW))

    def test_the_same_file_again_is_no_fresh_data(self):
        take(self.account)
        read_uploads(make_context())

        upload, is_new = take(self.account, now=NOW + HOUR)

        self.assertFalse(is_new)
        self.assertEqual((upload.state, upload.received_at), ("read", NOW))
        self.assertEqual(upload.seen_at, NOW + HOUR)
        self.assertEqual(self.account.open_source().fetch().as_of, NOW)

    def test_an_old_file_that_comes_again_replaces_no_newer_one(self):
        take(self.account)
        take(self.account, BALANCE.replace(b"47000.50", b"47001.50"), now=NOW + HOUR)
        take(self.account, now=NOW + 2 * HOUR)
        read_uploads(make_context())

        self.assertEqual(self.account.open_source().fetch().as_of, NOW + HOUR)

    def test_a_file_that_cannot_be_read_replaces_none_that_can(self):
        take(self.account)
        bad, _ = take(self.account, b"Ticker,Amount\nBTC,x", name="bad.csv", now=NOW + HOUR)

        outcome = read_uploads(make_context())

        self.assertIsInstance(outcome, Degraded)
        bad.refresh_from_db()
        self.assertEqual(bad.state, "refused")
        self.assertIn("bad.csv", bad.problem)
        self.assertEqual(self.account.open_source().fetch().as_of, NOW)

    def test_one_that_was_refused_is_read_anew_when_it_comes_again(self):
        bad, _ = take(self.account, b"nothing")
        read_uploads(make_context())

        again, _ = take(self.account, b"nothing", now=NOW + HOUR)

        self.assertEqual((again.pk, again.state, again.problem), (bad.pk, "waiting", ""))

    def test_values_in_another_currency_are_refused(self):
        upload, _ = take(self.account, BALANCE.replace(b"USD", b"EUR"))
        read_uploads(make_context())

        upload.refresh_from_db()
        self.assertIn("values in EUR, and the account is kept in USD", upload.problem)

    def test_a_file_with_more_rows_than_anybody_has_is_refused(self):
        upload, _ = take(self.account, b"Ticker;Amount\n" + b"A;1\n" * 100_001)
        read_uploads(make_context())

        upload.refresh_from_db()
        self.assertEqual(upload.state, "refused")

    def test_what_the_account_cannot_use_is_refused_at_once(self):
        mallory = make_user("mallory")
        by_path = make_account(mallory)
        by_api = make_account(mallory, source="cointracking_api", settings={})
        for account, name, data, message in (
            (by_path, "a.csv", b"1", "reads the file of its setting 'path'"),
            (by_api, "a.csv", b"1", "take no files"),
            (self.account, "a.xlsx", b"1", "ends in .csv"),
            (self.account, "a.csv", b"", "Expected 1 to"),
        ):
            with self.assertRaisesMessage(ValidationError, message):
                take(account, data, name=name)

    def test_a_file_that_ended_its_reader_keeps_nobody_else_waiting(self):
        deadly, _ = take(self.account, b"deadly")
        deadly.mark_begun(run_id=3)
        take(self.account, now=NOW + HOUR)

        outcome = read_uploads(make_context())

        deadly.refresh_from_db()
        self.assertIn("Run 3 ended while it read balance.csv", deadly.problem)
        self.assertEqual(outcome.result, {"read": 1, "refused": 1})
        again, _ = take(self.account, b"deadly", now=NOW + HOUR)
        self.assertEqual((again.state, again.run_id), ("waiting", None))

    def test_a_file_that_is_deleted_while_others_are_read_is_left_out(self):
        take(self.account)
        gone, _ = take(self.account, b"gone", name="gone.csv", now=NOW + HOUR)
        ctx = make_context()
        ctx.progress = lambda done, total: gone.delete() if done else None

        self.assertEqual(read_uploads(ctx), {"read": 1, "refused": 0})

    def test_older_data_that_comes_later_replaces_none_that_is_newer(self):
        account = make_account(make_user("jill"), source="saxo", settings={}, currency="EUR")
        for day, tesla in (("27", "10"), ("26", "9")):
            data = csv_of((*TESLA[:3], tesla, *TESLA[4:]))
            take(account, data, name=f"Positions_{day}-Feb-2026_10_00_00.csv")
        read_uploads(make_context())

        (position,) = account.open_source().fetch().positions
        self.assertEqual(position.amount, 10)

    def test_old_ones_are_forgotten_but_not_the_one_in_use(self):
        used, _ = take(self.account)
        read_uploads(make_context())
        for number in range(KEPT + 5):
            take(self.account, b"bad %d" % number, now=NOW + number * HOUR)
            Upload.objects.exclude(pk=used.pk).update(state="refused")

        self.assertLessEqual(Upload.objects.count(), KEPT + 2)
        self.assertTrue(Upload.objects.filter(pk=used.pk).exists())


class UploadEndpointTests(ApiTestCase):
    def setUp(self):
        super().setUp()
        sync_default_jobs()
        self.account = make_account(self.alice, settings={})
        self.url = f"/api/accounts/{self.account.pk}/uploads"

    def send(self, data=BALANCE, name="balance.csv", **given):
        file = SimpleUploadedFile(name, data)
        return self.api.post(self.url, {"file": file}, format="multipart", **given)

    def test_a_file_is_stored_and_a_run_is_asked_for(self):
        answer = self.send()

        self.assertEqual(answer.status_code, 201)
        self.assertTrue(answer.data["is_new"])
        self.assertEqual(answer.data["upload"]["state"], "waiting")
        run = Run.objects.get(pk=answer.data["run_id"])
        self.assertEqual((run.job_key, run.status), (KEY, "pending"))

    def test_the_same_file_again_says_so(self):
        first = self.send().data["upload"]["id"]

        again = self.send()

        self.assertEqual((again.status_code, again.data["is_new"]), (200, False))
        self.assertEqual(again.data["upload"]["id"], first)

    def test_nobody_sees_or_sends_files_of_somebody_else(self):
        self.send()
        self.api.force_authenticate(self.bob)

        self.assertEqual(self.send().status_code, 404)
        self.assertEqual(self.api.get(self.url).status_code, 404)
        self.api.force_authenticate(None)
        self.assertEqual(self.send().status_code, 401)

    def test_the_owner_and_staff_see_what_came(self):
        self.send()

        for api in (self.api, self.staff_api):
            (row,) = api.get(self.url).data["results"]
            self.assertEqual((row["name"], row["state"]), ("balance.csv", "waiting"))
            self.assertNotIn("data", row)

    def test_the_schema_says_that_they_come_in_pages(self):
        paths = SchemaGenerator().get_schema(public=True)["paths"]

        answer = paths["/api/accounts/{number}/uploads"]["get"]["responses"]["200"]
        self.assertIn("PaginatedUploadList", str(answer["content"]))

    def test_a_file_that_is_too_large_is_not_taken(self):
        self.assertEqual(self.send(bytes(MAX_BYTES + 1)).status_code, 413)

    def test_wrong_input_says_what_is_wrong(self):
        for answer in (self.send(name="a.pdf"), self.api.post(self.url, {}, format="multipart")):
            self.assertEqual(answer.status_code, 400)
            self.assertIn("file", answer.data)

    def test_without_its_job_a_file_waits(self):
        Job.objects.get(key=KEY).remove()

        answer = self.send()

        self.assertEqual((answer.status_code, answer.data["run_id"]), (201, None))


class UploadAdminTests(TestCase):
    def setUp(self):
        self.client.force_login(make_user("admin", is_staff=True, is_superuser=True))
        sync_default_jobs()
        self.account = make_account(settings={})

    def add(self, data=BALANCE, name="balance.csv"):
        file = BytesIO(data)
        file.name = name
        url = reverse("admin:snapshots_upload_add")
        return self.client.post(url, {"account": self.account.pk, "file": file}, follow=True)

    def test_a_file_is_added_and_listed(self):
        page = self.add()

        self.assertContains(page, "balance.csv")
        self.assertEqual(Run.objects.filter(job_key=KEY).count(), 1)
        upload = Upload.objects.get()
        url = reverse("admin:snapshots_upload_change", args=[upload.pk])
        self.assertContains(self.client.get(url), "balance.csv")

    def test_the_same_file_again_is_told(self):
        self.add()

        self.assertContains(self.add(), "it is no fresh data")

    def test_what_cannot_be_used_is_told_at_its_field(self):
        self.assertContains(self.add(name="a.pdf"), "ends in .csv")
        self.assertFalse(Upload.objects.exists())
