from __future__ import annotations

from datetime import timedelta

from django.test import TestCase
from django_apscheduler.models import DjangoJob

from scheduling.attempts.claiming import claim_due, give_back
from scheduling.engine import sweeping
from scheduling.models import Job, Run, Worker
from tests.factories import NOW, make_job, make_run, make_running_run, make_worker

LEASE = timedelta(seconds=30)
LATER = NOW + timedelta(seconds=31)


def bury_the_dead() -> None:
    sweeping.bury(Worker.objects.dead(LATER, LEASE), LATER)


class LostRunsTests(TestCase):
    def test_the_runs_of_a_silent_worker_are_lost(self) -> None:
        run = make_running_run(make_worker(heartbeat_at=NOW))

        bury_the_dead()

        run.refresh_from_db()
        assert run.status == "lost"
        assert "no heartbeat since 2026-03-02 12:00:00Z" in run.reason

    def test_the_runs_of_a_living_worker_are_not(self) -> None:
        run = make_running_run(make_worker(heartbeat_at=LATER))

        bury_the_dead()

        run.refresh_from_db()
        assert run.status == "running"

    def test_a_lost_run_gets_its_next_attempt_if_its_job_says_so(self) -> None:
        job = make_job(max_attempts=2, retry_lost=True)
        run = make_running_run(make_worker(heartbeat_at=NOW), job)

        bury_the_dead()

        run.refresh_from_db()
        assert (run.status, run.errors[0]["status"]) == ("pending", "lost")

    def test_a_worker_that_stopped_with_runs_left_loses_them_too(self) -> None:
        run = make_running_run(make_worker(heartbeat_at=NOW, stopped_at=NOW))

        bury_the_dead()

        run.refresh_from_db()
        assert run.status == "lost"

    def test_the_dead_worker_is_marked_with_the_reason(self) -> None:
        worker = make_worker(heartbeat_at=NOW)

        bury_the_dead()

        worker.refresh_from_db()
        assert (worker.stopped_at, worker.trouble) == (LATER, "Silent since 2026-03-02 12:00:00Z.")

    def test_a_run_whose_claim_never_reached_its_worker_is_lost(self) -> None:
        worker = make_worker(heartbeat_at=LATER)
        run = make_running_run(worker)

        sweeping.lose_runs_that_nobody_holds(
            [run.pk], worker_id=worker.pk, claimed_before=LATER, now=LATER
        )

        run.refresh_from_db()
        assert (run.status, "the connection broke" in run.reason) == ("lost", True)


class MissedRunsTests(TestCase):
    def test_one_that_it_has_claimed_anew_meanwhile_is_not(self) -> None:
        worker = make_worker()
        run = make_running_run(worker, started_at=LATER)

        sweeping.lose_runs_that_nobody_holds(
            [run.pk], worker_id=worker.pk, claimed_before=LATER, now=LATER
        )

        assert Run.objects.get(pk=run.pk).status == "running"

    def test_a_run_that_was_cancelled_as_it_was_given_back_ends_and_never_starts(self) -> None:
        worker, run = make_worker(), make_run(due_at=NOW)
        (held,) = claim_due(worker_id=worker.pk, tasks=["tests.echo"], limit=1, now=LATER)
        run.cancel()
        give_back([held], worker_id=worker.pk)

        assert claim_due(worker_id=worker.pk, tasks=["tests.echo"], limit=1, now=LATER) == []
        sweeping.end_cancelled_runs(LATER)

        run.refresh_from_db()
        assert (run.status, run.reason, run.finished_at) == ("cancelled", "Cancelled.", LATER)

    def test_a_run_that_nobody_started_in_time_is_missed(self) -> None:
        run = make_run(due_at=NOW, expires_at=NOW + timedelta(seconds=5))

        sweeping.miss_expired_runs(NOW + timedelta(seconds=6))

        run.refresh_from_db()
        assert (run.status, run.finished_at) == ("missed", NOW + timedelta(seconds=6))


class RunsOfUnknownTasksTests(TestCase):
    def waiting_run(self) -> Run:
        run = make_run(make_job(), due_at=NOW, origin=Run.Origin.MANUAL)
        Run.objects.filter(pk=run.pk).update(task="gone.task")
        return run

    def status_after(self, run: Run, minutes: int) -> str:
        sweeping.skip_runs_of_unknown_tasks(NOW + timedelta(minutes=minutes), LEASE)
        run.refresh_from_db()
        return run.status

    def test_a_run_that_no_worker_has_code_for_waits_only_for_a_while(self) -> None:
        run = self.waiting_run()

        assert self.status_after(run, minutes=4) == "pending"
        assert self.status_after(run, minutes=6) == "skipped"
        assert run.reason == "No worker has a task called 'gone.task'."

    def test_a_run_that_another_worker_has_code_for_is_left_to_it(self) -> None:
        run = self.waiting_run()
        make_worker(heartbeat_at=NOW + timedelta(minutes=6), tasks=["gone.task"])

        assert self.status_after(run, minutes=6) == "pending"


class HeldRunsTests(TestCase):
    def test_the_oldest_of_a_queue_starts_when_its_turn_has_come(self) -> None:
        job = make_job(overlap="queue")
        first, second = make_run(job, due_at=None), make_run(job, due_at=None)

        sweeping.release_held_runs(NOW)

        first.refresh_from_db()
        second.refresh_from_db()
        assert (first.due_at, second.due_at) == (NOW, None)

    def test_a_queue_waits_while_a_run_is_active(self) -> None:
        job = make_job(overlap="queue")
        make_running_run(make_worker(), job)
        make_run(job, due_at=None)

        assert sweeping.release_held_runs(NOW) == 0

    def test_a_raised_limit_lets_more_start(self) -> None:
        job = make_job(overlap="queue", max_instances=3)
        make_running_run(make_worker(), job)
        for _ in range(3):
            make_run(job, due_at=None)

        assert sweeping.release_held_runs(NOW) == 2


class BrokenJobsTests(TestCase):
    def orphan(self, job: Job) -> None:
        Job.objects.filter(pk=job.pk).update(task="renamed.task")

    def test_a_job_of_an_unknown_task_is_parked_with_its_history(self) -> None:
        job = make_job()
        make_run(job)
        self.orphan(job)

        sweeping.park_jobs_of_unknown_tasks(NOW, LEASE)

        job.refresh_from_db()
        assert (job.state, Run.objects.count()) == ("broken", 1)
        assert "renamed.task" in job.state_reason

    def test_a_job_that_newer_code_knows_is_left_to_it(self) -> None:
        job = make_job()
        self.orphan(job)
        make_worker(heartbeat_at=NOW, tasks=["renamed.task"])

        assert sweeping.park_jobs_of_unknown_tasks(NOW, LEASE) == 0

    def test_many_jobs_that_newer_code_knows_take_as_many_queries_as_one(self) -> None:
        for _ in range(5):
            self.orphan(make_job())
        make_worker(heartbeat_at=NOW, tasks=["renamed.task"])

        with self.assertNumQueries(2):
            sweeping.park_jobs_of_unknown_tasks(NOW, LEASE)

    def test_a_job_whose_parameters_no_longer_fit_is_parked(self) -> None:
        job = make_job()
        Job.objects.filter(pk=job.pk).update(params={"venue": "kis"})

        sweeping.check_jobs(NOW)

        job.refresh_from_db()
        assert job.state == "broken"
        assert "The parameters do not fit the task: venue" in job.state_reason

    def test_many_jobs_are_checked_a_part_at_a_time(self) -> None:
        jobs = [make_job() for _ in range(3)]

        first = sweeping.check_jobs(NOW, limit=2)
        second = sweeping.check_jobs(NOW, after=first, limit=2)

        assert (first, second) == (jobs[1].pk, 0)

    def test_a_broken_job_is_healed_when_its_task_is_back(self) -> None:
        job = make_job()
        job.park("gone")

        assert sweeping.heal_jobs(NOW, but=[job.pk]) == []
        assert sweeping.heal_jobs(NOW) == [job.pk]

    def test_an_active_job_without_a_clock_gets_one(self) -> None:
        job, cleared = make_job(), make_job()
        DjangoJob.objects.filter(id=job.key).delete()
        DjangoJob.objects.filter(id=cleared.key).update(next_run_time=None)

        assert sorted(sweeping.heal_jobs(NOW)) == [job.pk, cleared.pk]

    def test_a_run_that_was_refused_does_not_break_a_job_that_is_whole(self) -> None:
        job = make_job()

        sweeping.check_jobs_of_unfit_runs([job.pk], NOW)

        job.refresh_from_db()
        assert job.state == "active"
