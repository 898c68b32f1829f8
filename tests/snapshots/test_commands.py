from __future__ import annotations

import io
from pathlib import Path

from django.core.management import CommandError, call_command
from django.test import TestCase, TransactionTestCase, override_settings

from scheduling.models import Job, Run
from snapshots.capture.journal import PLACE
from snapshots.models import Account, Snapshot
from tests.factories import make_job, make_user
from tests.snapshots.factories import TOTAL, current_balance, make_account, write_export


def manage(*args: str) -> str:
    output = io.StringIO()
    call_command(*args, stdout=output)
    return output.getvalue()


@override_settings(SNAPSHOT_USER_ID="nobody", SNAPSHOT_SOURCE="nothing")
class PnlSnapshotCommandTests(TransactionTestCase):
    data_dir: Path

    def setUp(self):
        make_account()
        write_export(self.data_dir / "balance.csv")
        make_job(key="pnl_intraday", task="snapshots.pnl_snapshot")
        make_job(key="pnl_eod", task="snapshots.pnl_snapshot", params={"is_eod": True})

    def command(self, *more: str) -> str:
        return manage("pnl_snapshot", "--user_id", "jack", "--source", "cointracking", *more)

    def test_takes_a_snapshot_as_a_run_like_any_other(self):
        said = self.command("--min_usd", "200.5")

        run = Run.objects.get()
        self.assertEqual((run.status, run.origin), ("succeeded", "manual"))
        self.assertEqual(run.job_key, "pnl_intraday")
        self.assertEqual(run.params["min_usd"], "200.5")
        self.assertEqual((run.result or {})["total_usd"], TOTAL)
        self.assertIn(f"Run {run.pk} succeeded.", said)
        self.assertEqual(Snapshot.objects.get().run_id, run.pk)
        self.assertEqual(Snapshot.objects.get().position_count, 3)

    def test_takes_the_end_of_the_day(self):
        self.command("--eod")

        self.assertEqual(Run.objects.get().job_key, "pnl_eod")
        self.assertEqual(Snapshot.objects.get().kind, "eod")

    def test_fails_with_what_the_run_says(self):
        text = current_balance().replace("47000.50", "lots")
        write_export(self.data_dir / "balance.csv", text)

        with self.assertRaisesMessage(CommandError, "line 2, column 'Value in USD': 'lots'"):
            self.command()

        self.assertEqual(Run.objects.get().status, "failed")
        self.assertEqual(Run.objects.get().traceback, "")
        self.assertIn("FAILED", (self.data_dir / PLACE).read_text())

    def test_refuses_a_wrong_threshold_before_anything_runs(self):
        with self.assertRaisesMessage(CommandError, "min_usd"):
            self.command("--min_usd", "much")

        self.assertFalse(Run.objects.exists())

    def test_without_the_default_job_says_how_to_make_it(self):
        Job.objects.get(key="pnl_eod").remove()

        with self.assertRaisesMessage(CommandError, "Make it with: manage.py sync_jobs"):
            self.command("--eod")


class AddAccountCommandTests(TestCase):
    def setUp(self):
        make_user("jack")

    def test_adds_an_account_once(self):
        first = manage("add_account", "--user", "jack", "--path", "balance.csv")
        again = manage("add_account", "--user", "jack", "--path", "other.csv")

        account = Account.objects.get()
        self.assertEqual((account.name, account.source), ("Main", "cointracking"))
        self.assertEqual((account.currency, account.timezone), ("USD", "Europe/Zurich"))
        self.assertEqual(account.settings, {"path": "balance.csv"})
        self.assertIn("Added Main (cointracking) of jack.", first)
        self.assertIn("Exists already, left as it is", again)

    def test_refuses_an_unknown_user(self):
        with self.assertRaisesMessage(CommandError, "There is no user 'jill'."):
            manage("add_account", "--user", "jill", "--path", "balance.csv")

    def test_refuses_what_no_snapshot_could_be_taken_of(self):
        with self.assertRaisesMessage(CommandError, "'Zurich' is no time zone"):
            manage("add_account", "--user", "jack", "--path", "a.csv", "--timezone", "Zurich")

        self.assertFalse(Account.objects.exists())
