from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from unittest.mock import patch

from django.db import OperationalError, connection
from django.test import TransactionTestCase, skipUnlessDBFeature
from django_apscheduler.models import DjangoJob, DjangoJobExecution

from scheduling.attempts import recorder as recorder_module
from scheduling.attempts.capture import Line
from scheduling.attempts.claimed import Outcome
from scheduling.attempts.recorder import Batch, Recorder, write
from scheduling.database_errors import database_errors
from scheduling.models import LogLine, Run
from tests.factories import NOW, claimed, make_outcome, make_running_run, make_worker

PATIENCE = 10.0  # s


class RecorderTests(TransactionTestCase):
    def setUp(self) -> None:
        self.written: list[Outcome] = []
        self.recorder = Recorder(flush_every=0.01, on_written=self.written.extend)
        self.recorder.start()
        self.addCleanup(self.recorder.close, PATIENCE)
        self.run_ = make_running_run(make_worker())

    def line(self, message: str = "a line") -> Line:
        return Line(NOW, "INFO", "tests", message)

    def test_writes_what_a_run_says(self) -> None:
        self.recorder.log(self.run_.pk, self.line())
        self.recorder.progress(self.run_.pk, {"done": 1, "total": 2, "message": ""})
        self.recorder.artifact(self.run_.pk, "a.csv", b"a;b\n", "text/csv")

        assert self.recorder.flush(PATIENCE)

        self.run_.refresh_from_db()
        assert self.run_.logs.get().message == "a line"
        assert self.run_.progress == {"done": 1, "total": 2, "message": ""}
        assert bytes(self.run_.artifacts.get().content) == b"a;b\n"

    def test_an_artifact_of_the_same_name_replaces_the_first(self) -> None:
        for content in (b"old", b"new"):
            self.recorder.artifact(self.run_.pk, "a.csv", content, "text/csv")

        self.recorder.flush(PATIENCE)

        assert bytes(self.run_.artifacts.get().content) == b"new"

    def test_tells_which_outcomes_are_written(self) -> None:
        self.recorder.outcome(make_outcome(claimed(self.run_)))

        self.recorder.flush(PATIENCE)

        assert [outcome.run.id for outcome in self.written] == [self.run_.pk]

    def test_writes_the_outcome_when_the_database_is_back(self) -> None:
        before = database_errors.count
        with patch.object(
            recorder_module, "write", side_effect=[OperationalError("gone"), None]
        ) as attempts:
            self.recorder.outcome(make_outcome(claimed(self.run_)))
            self.recorder.flush(PATIENCE)

        assert (attempts.call_count, database_errors.count) == (2, before + 1)

    def test_what_the_database_refuses_harms_nothing_else(self) -> None:
        self.recorder.log(999_999_999, self.line("of a run that was deleted"))
        self.recorder.outcome(make_outcome(claimed(self.run_)))

        self.recorder.flush(PATIENCE)

        self.run_.refresh_from_db()
        assert self.run_.status == "succeeded"

    def test_a_name_that_no_database_stores_harms_nothing_else(self) -> None:
        self.recorder.artifact(self.run_.pk, "report-\udcff.txt", b"", "text/plain")
        self.recorder.outcome(make_outcome(claimed(self.run_)))

        self.recorder.flush(PATIENCE)

        self.run_.refresh_from_db()
        assert (self.run_.status, self.run_.artifacts.get().name) == (
            "succeeded",
            "report-\\udcff.txt",
        )

    def test_an_outcome_that_is_refused_ends_its_run_as_failed(self) -> None:
        other = make_running_run(make_worker())
        self.recorder.outcome(make_outcome(claimed(self.run_), status="no such status"))
        self.recorder.outcome(make_outcome(claimed(other)))

        self.recorder.flush(PATIENCE)

        self.run_.refresh_from_db()
        other.refresh_from_db()
        assert (self.run_.status, other.status) == ("failed", "succeeded")
        assert "could not be stored" in self.run_.error

    def test_knows_which_outcomes_it_still_holds(self) -> None:
        self.recorder.outcome(make_outcome(claimed(self.run_)))
        self.recorder.flush(PATIENCE)

        assert self.recorder.holds() == set()

    def test_writes_what_is_left_when_it_is_closed(self) -> None:
        self.recorder.log(self.run_.pk, self.line())

        assert self.recorder.close(PATIENCE)

        assert LogLine.objects.count() == 1

    def test_fills_the_history_of_django_apscheduler_before_it_ends(self) -> None:
        for _ in range(2):
            self.recorder.outcome(make_outcome(claimed(make_running_run(make_worker()))))
            self.recorder.flush(PATIENCE)

        assert self.recorder.close(PATIENCE)

        assert DjangoJobExecution.objects.count() == 2

    @skipUnlessDBFeature("has_select_for_update")
    def test_a_lock_on_a_job_s_clock_holds_up_no_outcome(self) -> None:
        other = make_running_run(make_worker())
        with locked(f"SELECT * FROM {DjangoJob._meta.db_table} FOR UPDATE"):
            for run in (self.run_, other):
                self.recorder.outcome(make_outcome(claimed(run)))
                assert self.recorder.flush(PATIENCE)

        assert Run.objects.filter(status="succeeded").count() == 2

    def test_a_hundred_outcomes_take_as_many_queries_as_one(self) -> None:
        worker = make_worker()
        runs = [make_running_run(worker) for _ in range(100)]
        outcomes = [make_outcome(claimed(run)) for run in runs]

        # begin, the outcomes, commit
        with self.assertNumQueries(3):
            write(Batch(outcomes=outcomes))

        assert Run.objects.filter(status="succeeded").count() == 100


@contextmanager
def locked(statement: str) -> Iterator[None]:
    """Hold the locks of `statement` on a connection of its own."""
    other = connection.copy()
    try:
        other.set_autocommit(False)
        with other.cursor() as cursor:
            cursor.execute(statement)
        yield
    finally:
        other.close()
