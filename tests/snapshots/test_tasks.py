from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pytest
from django.test import TestCase, override_settings

from scheduling.context import Degraded
from scheduling.exceptions import InvalidParams, TaskFailed
from scheduling.forms import ParametersForm
from scheduling.registry import registry
from scheduling.triggers import build_trigger
from snapshots.capture.journal import PLACE
from snapshots.models import Snapshot
from snapshots.tasks import pnl_snapshot
from tests.factories import make_user
from tests.snapshots.factories import (
    SCHEDULED_AT,
    TOTAL,
    WRITTEN_AT,
    Recorded,
    current_balance,
    make_account,
    make_context,
    write_export,
)
from tests.snapshots.scripted import USUAL, make_scripted, scripted_sources, statement, take


class SnapshotTestCase(TestCase):
    data_dir: Path

    def write(self, name="balance.csv", text=""):
        return write_export(self.data_dir / name, text)

    def journal(self):
        return (self.data_dir / PLACE).read_text().splitlines()


@override_settings(SNAPSHOT_USER_ID="jack")
class PnlSnapshotTests(SnapshotTestCase):
    def test_returns_what_it_took(self):
        make_account()
        self.write()

        result = pnl_snapshot(make_context())

        snapshot = Snapshot.objects.get()
        taken = result["snapshots"][0]
        self.assertEqual((result["total_usd"], result["positions"]), (TOTAL, 5))
        self.assertEqual((result["user"], result["kind"]), ("jack", "intraday"))
        self.assertEqual((taken["snapshot_id"], taken["outcome"]), (snapshot.pk, "created"))
        self.assertEqual((taken["slot_at"], taken["as_of"]), (SCHEDULED_AT, WRITTEN_AT))
        self.assertEqual(taken["business_date"].isoformat(), "2026-03-02")
        self.assertEqual((taken["dust_count"], taken["dust_value_usd"]), (1, "0.25"))
        age = datetime.now(UTC) - WRITTEN_AT
        self.assertAlmostEqual(taken["age_seconds"], age.total_seconds(), delta=60)

    def test_reports_its_progress_and_logs(self):
        make_account()
        self.write()
        recorded = Recorded()

        with self.assertLogs("snapshots.pnl_snapshot", "INFO") as logs:
            pnl_snapshot(make_context(recorded=recorded))

        self.assertEqual(recorded.progress_reports[-1]["done"], 1)
        self.assertIn(f"{TOTAL} USD in 5 position(s)", logs.output[0])

    def test_writes_a_line_with_the_local_time_of_the_slot(self):
        make_account()
        self.write()

        pnl_snapshot(make_context())

        self.assertEqual(
            self.journal(), ["[2026-03-02 14:30:00] intraday OK - user=jack source=cointracking"]
        )

    def test_end_of_day_is_marked(self):
        make_account()
        self.write()

        pnl_snapshot(make_context(), is_eod=True)

        self.assertEqual(Snapshot.objects.get().kind, "eod")
        self.assertEqual(
            self.journal(), ["[2026-03-02 23:59:00] eod OK - user=jack source=cointracking"]
        )

    def test_takes_what_the_settings_say_unless_told_otherwise(self):
        make_account(make_user("jill"))
        self.write()

        with override_settings(SNAPSHOT_USER_ID="jill", SNAPSHOT_MIN_USD="50"):
            pnl_snapshot(make_context())
            self.assertEqual(Snapshot.objects.get().min_usd, 50)
            pnl_snapshot(make_context(), min_usd=Decimal(0))
            self.assertEqual(Snapshot.objects.get().min_usd, 0)

    def test_user_may_be_an_id(self):
        owner = make_account().owner
        self.write()

        result = pnl_snapshot(make_context(), user_id=str(owner.pk))

        self.assertEqual(result["user"], "jack")

    def test_wrong_input_fails_the_run_and_is_a_line(self):
        make_account()
        self.write(text=current_balance().replace("47000.50", "lots"))

        with self.assertRaises(TaskFailed) as failure:
            pnl_snapshot(make_context())

        said = "balance.csv, line 2, column 'Value in USD': 'lots' is not a number."
        self.assertIn(f"Main (cointracking): {said}", str(failure.exception))
        self.assertTrue(failure.exception.permanent)
        self.assertIn("intraday FAILED - user=jack source=cointracking error=", self.journal()[0])
        self.assertIn(said, self.journal()[0])
        self.assertEqual(Snapshot.objects.get().status, "failed")

    def test_failure_leaves_the_progress_where_it_was(self):
        make_account()
        self.write(text="no export")
        recorded = Recorded()

        with self.assertRaises(TaskFailed):
            pnl_snapshot(make_context(recorded=recorded))

        self.assertEqual(recorded.progress_reports, [{"done": 0, "total": 1, "message": "Main"}])

    def test_past_instant_with_data_of_today_fails_for_good(self):
        make_account()
        self.write()

        with self.assertRaisesMessage(TaskFailed, "slot 2026-02-10 23:59") as failure:
            pnl_snapshot(make_context(scheduled_at=SCHEDULED_AT - timedelta(days=20)), is_eod=True)

        self.assertTrue(failure.exception.permanent)
        self.assertIn("[2026-02-10 23:59:00] eod FAILED - ", self.journal()[0])
        self.assertEqual(Snapshot.objects.get().status, "failed")

    def test_missing_file_may_be_there_the_next_time(self):
        make_account()

        with self.assertRaises(TaskFailed) as failure:
            pnl_snapshot(make_context())

        self.assertFalse(failure.exception.permanent)

    def test_older_data_is_reported_as_kept(self):
        make_account()
        self.write()
        pnl_snapshot(make_context())
        write_export(self.data_dir / "balance.csv", at=WRITTEN_AT.replace(hour=1))

        result = pnl_snapshot(make_context())

        self.assertEqual(result["snapshots"][0]["outcome"], "kept")
        self.assertEqual(result["snapshots"][0]["as_of"], WRITTEN_AT)


@override_settings(SNAPSHOT_USER_ID="jack")
class SeveralAccountsTests(SnapshotTestCase):
    def setUp(self):
        owner = make_account().owner
        make_account(owner, name="Cold wallet", settings={"path": "cold.csv"})
        self.write()

    def test_each_gets_a_snapshot_and_a_line(self):
        self.write("cold.csv")

        result = pnl_snapshot(make_context())

        self.assertEqual(result["total_usd"], str(2 * Decimal(TOTAL)))
        self.assertEqual(Snapshot.objects.count(), 2)
        self.assertIn("OK - user=jack source=cointracking account=Main", self.journal()[0])
        self.assertIn("OK - user=jack source=cointracking account=Cold", self.journal()[1])

    def test_one_that_fails_leaves_the_others_theirs(self):
        outcome = pnl_snapshot(make_context())

        assert isinstance(outcome, Degraded)
        self.assertEqual(outcome.result["total_usd"], TOTAL)
        self.assertIn("1 of 2 accounts are not as they should be: Cold", outcome.reason)
        self.assertEqual([failed["account"] for failed in outcome.failed], ["Cold wallet"])
        self.assertIn("FAILED", self.journal()[1])

    def test_stop_leaves_the_remaining_alone(self):
        context = make_context()
        context._stop.set()

        with self.assertRaisesMessage(TaskFailed, "Stopped after 0 of 2 account(s)."):
            pnl_snapshot(context)

        self.assertFalse(Snapshot.objects.exists())


class AgainTests(SnapshotTestCase):
    def setUp(self):
        self.enterContext(scripted_sources())
        self.account, self.script = make_scripted()
        for quarter in (-1, 0):
            self.taken = take(self.account, self.script, statement(), quarter=quarter)

    def test_slot_that_only_gets_a_worse_answer_degrades_its_run(self):
        self.script.answer = statement({**USUAL, "Kraken": {"BTC": ("1", "50000")}})

        outcome = pnl_snapshot(make_context(), user_id="jack", source="scripted")

        assert isinstance(outcome, Degraded)
        self.assertEqual(Snapshot.objects.get(pk=self.taken.snapshot.pk).status, "accepted")
        self.assertEqual(outcome.result["snapshots"][0]["outcome"], "kept")
        self.assertIn("is suspect, so the slot keeps what it had: ", outcome.reason)

    def test_slot_that_gets_the_same_answer_succeeds(self):
        self.script.answer = statement()

        result = pnl_snapshot(make_context(), user_id="jack", source="scripted")

        self.assertEqual(result["snapshots"][0]["status"], "accepted")


class SelectionTests(SnapshotTestCase):
    def assert_fails(self, message, *, owner=None, **params):
        with self.assertRaisesMessage(TaskFailed, message):
            pnl_snapshot(make_context(owner_id=owner and owner.pk), **params)
        self.assertIn("[2026-03-02 13:30:00] intraday FAILED - ", self.journal()[-1])
        self.assertIn(f"error={message}", self.journal()[-1])

    def test_unknown_user_says_what_to_set(self):
        self.assert_fails("There is no user 'nobody' whose accounts", user_id="nobody")

    def test_unknown_source_names_the_known_ones(self):
        self.assert_fails(
            "There is no source 'kraken'. Set 'source' or SNAPSHOT_SOURCE to one of: cointracking,",
            source="kraken",
        )

    def test_user_without_an_account_is_told_how_to_add_one(self):
        make_user("jill")

        self.assert_fails("User 'jill' has no cointracking account. Add one", user_id="jill")

    def test_job_of_another_user_reads_no_account_of_mine(self):
        make_account(make_user("jack"))
        self.write()

        self.assert_fails("There is no user 'jack' whose", owner=make_user("eve"), user_id="jack")

        self.assertFalse(Snapshot.objects.exists())

    def test_job_of_mine_reads_my_accounts_and_one_of_staff_reads_all(self):
        jack, anna = make_user("jack"), make_user("anna", is_staff=True)
        make_account(jack)
        self.write()

        for owner in (jack, anna):
            result = pnl_snapshot(make_context(owner_id=owner.pk), user_id="jack")
            self.assertEqual(result["total_usd"], TOTAL)


@pytest.mark.parametrize("text", ["a lot", "NaN", "-1", ""])
def test_threshold_of_the_settings_that_is_no_amount_says_so(text, settings):
    settings.SNAPSHOT_MIN_USD = text

    with pytest.raises(TaskFailed, match="SNAPSHOT_MIN_USD is"):
        pnl_snapshot(make_context())


class TestParameters:
    parameters = registry.get("snapshots.pnl_snapshot").parameters

    def test_take_a_user_by_name_or_id(self):
        assert self.parameters.validate({"user_id": "jack"}) == {"user_id": "jack"}
        assert self.parameters.validate({"user_id": 5}) == {"user_id": "5"}

    def test_say_what_is_taken_when_they_are_left_empty(self):
        task = registry.get("snapshots.pnl_snapshot")

        form = ParametersForm(task, stored={})

        html = form.render_fields()
        labels = [field.label for field in form.fields.values()]
        assert labels == [
            "User", "Source", "Smallest position in USD", "End of day", "Account",
        ]  # fmt: skip
        assert 'placeholder="admin (SNAPSHOT_USER_ID)"' in html
        assert 'placeholder="cointracking (SNAPSHOT_SOURCE)"' in html
        assert "at least 0, at most 1000000000." in html

    @pytest.mark.parametrize(
        "wrong",
        [
            {"user_id": True},
            {"min_usd": -1},
            {"min_usd": "much"},
            {"min_usd": "NaN"},
            {"is_eod": "perhaps"},
            {"minimum": 1},
        ],
        ids=str,
    )
    def test_of_another_type_are_refused(self, wrong):
        with pytest.raises(InvalidParams):
            self.parameters.validate(wrong)


class TestDefaultJobs:
    def test_intraday_fires_each_quarter_of_the_day_in_zurich(self):
        job = registry.default_jobs["pnl_intraday"]
        day = datetime(2026, 3, 2, tzinfo=UTC)

        times = build_trigger(job.trigger).fire_times(day, day + timedelta(days=1), 200)

        assert job.name == "P&L Snapshot Intraday"
        assert job.trigger.jitter_seconds == 60
        assert len(times) == 68
        assert times[0] == datetime(2026, 3, 2, 6, 0, tzinfo=UTC)
        assert times[-1] == datetime(2026, 3, 2, 22, 45, tzinfo=UTC)

    def test_end_of_day_fires_in_the_last_minute_and_is_taken_late(self):
        job = registry.default_jobs["pnl_eod"]

        fire_time = build_trigger(job.trigger).next_after(datetime(2026, 3, 29, tzinfo=UTC))

        assert job.name == "P&L Snapshot End of Day"
        assert job.params == {"is_eod": True, "account": "every"}
        assert fire_time == datetime(2026, 3, 29, 21, 59, tzinfo=UTC)
        assert job.policy["misfire_grace_seconds"] == 7200
