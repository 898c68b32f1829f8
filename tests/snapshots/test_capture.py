from __future__ import annotations

import threading
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pytest
from django.db import IntegrityError, connection, transaction
from django.test import TestCase, TransactionTestCase

from snapshots.capture.completeness import record_missed
from snapshots.capture.taking import MAX_LATENESS, StatementTooLate, capture
from snapshots.models import Account, Snapshot, SnapshotPosition
from snapshots.slots import slot_of
from snapshots.sources.base import InvalidStatement, SourceUnavailable
from snapshots.valuing.valuation import MissingRate
from tests.snapshots.factories import (
    HEADER,
    ROWS,
    SCHEDULED_AT,
    TOTAL,
    WRITTEN_AT,
    current_balance,
    make_account,
    write_export,
)

RATE = {"rate": "1.0823", "at": "2026-03-02", "source": "ECB"}


def take(account, *, at=SCHEDULED_AT, is_eod=False, min_usd="1", run_id=7):
    slot = slot_of(at, is_eod=is_eod, zone=account.zone)
    return capture(account, slot, min_usd=Decimal(min_usd), run_id=run_id)


def error_of(account, **options):
    """Take a snapshot that the source gives no answer for, and return why not."""
    error = take(account, **options).error
    assert error is not None
    return error


class CaptureTests(TestCase):
    data_dir: Path

    def write(self, text="", *, at=WRITTEN_AT):
        return write_export(self.data_dir / "balance.csv", text, at=at)

    def test_keeps_totals_positions_and_where_they_are_from(self):
        account = make_account()
        self.write()

        snapshot = take(account).snapshot

        snapshot.refresh_from_db()
        self.assertEqual(snapshot.total_usd, Decimal(TOTAL))
        self.assertEqual(snapshot.total_value, Decimal(TOTAL))
        self.assertEqual(
            (snapshot.currency, snapshot.fx_rate, snapshot.fx_source), ("USD", None, "")
        )
        self.assertEqual((snapshot.kind, snapshot.status), ("intraday", "accepted"))
        self.assertEqual(snapshot.slot_at, SCHEDULED_AT)
        self.assertEqual(snapshot.business_date, date(2026, 3, 2))
        self.assertEqual(snapshot.as_of, WRITTEN_AT)
        self.assertEqual(snapshot.run_id, 7)
        self.assertTrue(snapshot.is_complete)

    def test_keeps_positions_to_the_last_digit_the_largest_first(self):
        account = make_account()
        self.write()

        positions = list(take(account).snapshot.positions.all())

        tickers = [position.ticker for position in positions]
        self.assertEqual(tickers, ["BTC", "SOL2", "PEPE4", "EUR", "LUNC"])
        self.assertEqual(positions[2].amount, Decimal("36000000.17000002"))
        self.assertEqual(positions[2].price, Decimal("0.00001"))
        self.assertEqual((positions[3].kind, positions[3].name), ("currency", "Euro"))
        self.assertEqual(positions[4].value_usd, Decimal("-3.60"))

    def test_counts_what_the_threshold_hides(self):
        account = make_account()
        self.write()

        snapshot = take(account, min_usd="200").snapshot

        snapshot.refresh_from_db()
        self.assertEqual(snapshot.total_usd, Decimal(TOTAL))
        self.assertEqual((snapshot.position_count, snapshot.dust_count), (3, 3))
        self.assertEqual(snapshot.dust_value_usd, Decimal("104.88"))
        self.assertEqual(snapshot.min_usd, 200)
        self.assertEqual(snapshot.positions.count(), 3)

    def test_end_of_day_taken_after_midnight_belongs_to_the_day_that_ended(self):
        account = make_account()
        self.write(at=datetime(2026, 3, 29, 22, 3, tzinfo=UTC))  # 00:03 in Zurich, a day later

        snapshot = take(account, at=datetime(2026, 3, 29, 21, 59, tzinfo=UTC), is_eod=True).snapshot

        self.assertEqual(snapshot.kind, "eod")
        self.assertEqual(snapshot.business_date, date(2026, 3, 29))
        self.assertEqual(snapshot.slot_at, datetime(2026, 3, 29, 21, 59, tzinfo=UTC))

    def test_keeps_the_rate_that_it_used(self):
        account = make_account(currency="EUR", settings={"path": "balance.csv", "usd_rate": RATE})
        self.write(current_balance().replace("USD", "EUR"))

        snapshot = take(account).snapshot

        snapshot.refresh_from_db()
        self.assertEqual((snapshot.currency, snapshot.total_value), ("EUR", Decimal(TOTAL)))
        self.assertEqual(snapshot.total_usd, Decimal(TOTAL) * Decimal("1.0823"))
        self.assertEqual((snapshot.fx_rate, snapshot.fx_source), (Decimal("1.0823"), "ECB"))
        self.assertEqual(snapshot.fx_at, datetime(2026, 3, 2, tzinfo=UTC))

    def test_reads_what_the_source_lists_by_exchange(self):
        account = make_account()
        self.write(
            '"Amount","Currency","Current value in USD","Current value in BTC","Exchange"\n'
            '"0.5","BTC","47000.50","0.5","Kraken, Spot"\n'
        )

        position = take(account).snapshot.positions.get()

        self.assertEqual((position.location, position.price), ("Kraken, Spot", None))


class DataOfAnotherTimeTests(TestCase):
    data_dir: Path

    def write(self, at):
        write_export(self.data_dir / "balance.csv", at=at)

    def test_is_refused_with_both_times_and_leaves_a_gap(self):
        account = make_account()
        self.write(datetime(2026, 11, 21, 9, 5, tzinfo=UTC))

        error = error_of(account, at=datetime(2026, 11, 1, 22, 59, tzinfo=UTC), is_eod=True)

        self.assertIsInstance(error, StatementTooLate)
        self.assertIn(
            "data from 2026-11-21 10:05, slot 2026-11-01 23:59 (Europe/Zurich)", str(error)
        )
        self.assertIn("or trigger without scheduled_at.", str(error))
        self.assertEqual(Snapshot.objects.get().status, "failed")
        self.assertFalse(Snapshot.objects.counted().exists())

    def test_is_what_comes_after_the_quarter(self):
        account = make_account()
        late = SCHEDULED_AT + MAX_LATENESS["intraday"]
        self.write(late)
        self.assertEqual(take(account).outcome, "created")
        self.write(late + timedelta(seconds=1))

        self.assertIsInstance(error_of(account, run_id=8), StatementTooLate)

        self.assertEqual(Snapshot.objects.get().run_id, 7)

    def test_is_what_comes_more_than_two_hours_after_the_end_of_the_day(self):
        account = make_account()
        midnight = datetime(2026, 3, 2, 23, 0, tzinfo=UTC)  # in Zurich
        self.write(midnight + MAX_LATENESS["eod"])
        self.assertEqual(take(account, is_eod=True).outcome, "created")
        self.write(midnight + MAX_LATENESS["eod"] + timedelta(seconds=1))

        self.assertIsInstance(error_of(account, is_eod=True), StatementTooLate)


class AgainTests(TestCase):
    data_dir: Path

    def setUp(self):
        self.account = make_account()
        self.path = write_export(self.data_dir / "balance.csv")
        self.first = take(self.account).snapshot

    def write(self, text, *, later):
        write_export(self.path, text, at=WRITTEN_AT + later)

    def test_same_slot_has_one_snapshot(self):
        again = take(self.account, at=SCHEDULED_AT + timedelta(minutes=4), run_id=8)

        self.assertEqual((again.snapshot, again.outcome), (self.first, "replaced"))
        self.assertEqual(Snapshot.objects.get().run_id, 8)
        self.assertEqual(SnapshotPosition.objects.count(), 5)

    def test_newer_data_replaces_the_positions(self):
        self.write(current_balance(*ROWS[:4]), later=timedelta(minutes=1))

        take(self.account)

        snapshot = Snapshot.objects.get()
        self.assertEqual((snapshot.total_usd, snapshot.position_count), (Decimal("48968.73"), 4))
        self.assertEqual(snapshot.positions.last().ticker, "EUR")
        self.assertEqual(snapshot.revisions.get().total_usd, Decimal(TOTAL))

    def test_older_data_replaces_nothing(self):
        self.write(current_balance(ROWS[1]), later=timedelta(minutes=-1))

        again = take(self.account, run_id=8)

        self.assertEqual(again.outcome, "kept")
        self.assertEqual(Snapshot.objects.get().total_usd, Decimal(TOTAL))
        self.assertEqual(Snapshot.objects.get().run_id, 7)

    def test_next_slot_and_end_of_day_are_snapshots_of_their_own(self):
        take(self.account, at=SCHEDULED_AT + timedelta(minutes=15))
        take(self.account, is_eod=True)

        self.assertEqual(Snapshot.objects.count(), 3)

    def test_day_ends_once_also_when_the_account_moves_to_another_zone(self):
        take(self.account, is_eod=True)
        self.account.timezone = "Europe/Lisbon"

        moved = take(self.account, is_eod=True)

        self.assertEqual(Snapshot.objects.filter(kind="eod").get(), moved.snapshot)
        self.assertEqual(moved.snapshot.slot_at, datetime(2026, 3, 2, 23, 59, tzinfo=UTC))

    def test_failure_leaves_the_slot_as_it_was(self):
        self.write(current_balance(ROWS[0], "garbage"), later=timedelta(minutes=1))

        self.assertEqual(take(self.account).outcome, "kept")

        self.assertEqual(Snapshot.objects.get().total_usd, Decimal(TOTAL))
        self.assertEqual(SnapshotPosition.objects.count(), 5)


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("text", "error", "message"),
    [
        pytest.param(None, SourceUnavailable, "There is no file", id="no-file"),
        pytest.param("\n", InvalidStatement, "balance.csv is empty", id="empty-file"),
        pytest.param(HEADER, InvalidStatement, "lists no position", id="header-only"),
        pytest.param("a,b\n1,2\n", InvalidStatement, "is another file", id="another-export"),
        pytest.param(
            current_balance(ROWS[0].replace("47000.50", "lots")),
            InvalidStatement,
            "line 2, column 'Value in USD': 'lots' is not a number",
            id="text-for-a-number",
        ),
        pytest.param(
            current_balance().replace("USD", "EUR"), MissingRate, "'usd_rate'", id="euros"
        ),
    ],
)
def test_wrong_input_says_what_and_leaves_a_gap(tmp_path, text, error, message):
    account = make_account()
    if text is not None:
        write_export(tmp_path / "balance.csv", text)

    found = error_of(account)

    assert isinstance(found, error)
    assert message in str(found)
    gap = Snapshot.objects.get()
    assert (gap.status, gap.total_usd) == ("failed", None)
    assert message in gap.why


@pytest.mark.django_db
@pytest.mark.parametrize(
    "wrong",
    [
        pytest.param({"kind": "weekly"}, id="unknown-kind"),
        pytest.param({"is_complete": False}, id="accepted-but-incomplete"),
        pytest.param({"currency": "EUR"}, id="euros-without-a-rate"),
        pytest.param({"fx_rate": Decimal("1")}, id="dollars-with-a-rate"),
        pytest.param({"min_usd": Decimal("-1")}, id="negative-threshold"),
    ],
)
def test_snapshot_that_cannot_be_is_refused_by_the_database(tmp_path, wrong):
    write_export(tmp_path / "balance.csv")
    snapshot = take(make_account()).snapshot

    with pytest.raises(IntegrityError), transaction.atomic():
        Snapshot.objects.filter(pk=snapshot.pk).update(**wrong)


class ConcurrentCaptureTests(TransactionTestCase):
    data_dir: Path

    def test_runs_at_the_same_time_make_one_whole_snapshot(self):
        account = make_account()
        write_export(self.data_dir / "balance.csv")
        barrier = threading.Barrier(4)
        outcomes = []

        def work():
            barrier.wait()
            outcomes.append(take(account).outcome)
            connection.close()

        threads = [threading.Thread(target=work) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

        self.assertEqual(sorted(outcomes), ["created", "replaced", "replaced", "replaced"])
        self.assertEqual(Snapshot.objects.get().positions.count(), 5)

    def test_a_slot_is_not_missed_while_a_run_writes_it(self):
        account = make_account()
        write_export(self.data_dir / "balance.csv")
        Account.objects.update(created_at=SCHEDULED_AT)
        account.refresh_from_db()

        def record():
            record_missed(account, until=SCHEDULED_AT + timedelta(hours=1))
            connection.close()

        recorder = threading.Thread(target=record)
        with transaction.atomic():
            Account.objects.take_turns(account.pk)
            recorder.start()
            recorder.join(timeout=0.3)
            taken = take(account)
        recorder.join()

        self.assertEqual(taken.outcome, "created")
        in_slot = Snapshot.objects.get(slot_at=SCHEDULED_AT)
        self.assertEqual((in_slot.pk, in_slot.status), (taken.snapshot.pk, "accepted"))
