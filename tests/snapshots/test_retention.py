"""Runs are pruned; the snapshots that they took stay."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from pathlib import Path

from django.test import TestCase

from scheduling.models import Run
from scheduling.pace import Pace
from scheduling.retention.cleaning import clean_up
from scheduling.retention.expiry import Limits
from snapshots.capture.taking import capture
from snapshots.models import Snapshot
from snapshots.slots import slot_of
from tests.factories import make_job, make_run
from tests.snapshots.factories import SCHEDULED_AT, make_account, write_export

LIMITS = Limits(run_days=1, failure_days=1, log_days=1, runs_per_job=1)


class RetentionTests(TestCase):
    data_dir: Path

    def test_a_snapshot_outlives_its_run_and_still_says_which_it_was(self):
        job = make_job()
        run, _ = (
            make_run(job, status="succeeded", finished_at=SCHEDULED_AT + timedelta(days=days))
            for days in (0, 2)
        )
        write_export(self.data_dir / "balance.csv")
        account = make_account()
        slot = slot_of(SCHEDULED_AT, is_eod=False, zone=account.zone)
        capture(account, slot, min_usd=Decimal(1), run_id=run.pk)

        clean_up(LIMITS, now=SCHEDULED_AT + timedelta(days=3), pace=Pace())

        self.assertFalse(Run.objects.filter(pk=run.pk).exists())
        self.assertEqual(Snapshot.objects.get().run_id, run.pk)
