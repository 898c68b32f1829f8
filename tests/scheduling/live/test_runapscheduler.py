from __future__ import annotations

import json
import signal
import sys
import time
import urllib.request
from datetime import UTC, datetime, timedelta

from django_apscheduler.models import DjangoJob

from scheduling.models import Run, Worker
from tests.factories import make_job
from tests.installation import Installation, Program

STARTED = "Scheduler started successfully"
NEVER = "0 0 1 1 *"


def start(installation: Installation, **env: str) -> Program:
    program = installation.start("runapscheduler", **env)
    program.wait_for(STARTED)
    return program


def wait_for_end(run: Run, seconds: float = 10) -> Run:
    deadline = time.monotonic() + seconds
    while run.is_open and time.monotonic() < deadline:
        time.sleep(0.02)
        run.refresh_from_db()
    return run


class TestStart:
    def test_takes_less_than_two_seconds_and_shows_its_jobs(
        self, installation: Installation
    ) -> None:
        make_job(key="pnl_intraday", trigger_expression="*/15 7-23 * * *", timezone="Europe/Zurich")

        began = time.monotonic()
        program = start(installation, TIME_ZONE="Asia/Seoul")

        assert time.monotonic() - began < 4  # 2 s alone on two cores; tests share them
        assert "Time zone     Asia/Seoul" in program.output
        assert "KST" in program.output
        assert "pnl_intraday  cron[*/15 7-23 * * *]  next: " in program.output

    def test_says_who_it_is_before_it_fires_anything(self, installation: Installation) -> None:
        job = make_job(key="late", trigger_expression="*/7 * * * * *")
        an_hour_ago = datetime.now(UTC) - timedelta(hours=1)
        DjangoJob.objects.filter(id=job.key).update(next_run_time=an_hour_ago)
        make_job(key="precise", trigger_expression="30 59 23 31 12 *", timezone="UTC")

        program = start(installation)
        program.wait_for("[late] Starting")

        head, _, rest = program.output.partition(STARTED)
        assert "    late  cron[*/7 * * * * *]  due now\n" in head
        assert "-12-31 23:59:30 UTC\n" in head
        assert "Jobs          2" in head
        assert "  cron[" not in rest

    def test_every_line_is_json_on_request(self, installation: Installation) -> None:
        make_job(key="pnl", trigger_expression=NEVER)

        program = start(installation, LOG_FORMAT="json")
        program.send_signal(signal.SIGTERM)
        program.wait(10)

        said = [json.loads(line)["message"] for line in program.output.splitlines()]
        assert said[0] == "Daybook scheduler"
        assert any(message.startswith(f"pnl cron[{NEVER}] next: ") for message in said)
        assert said.index(STARTED) < said.index("Stopping; 0 runs have not ended yet")
        assert said[-1] == "Scheduler stopped"

    def test_logs_each_run_in_words(self, installation: Installation) -> None:
        program = start(installation)

        wait_for_end(make_job(key="pnl", trigger_expression=NEVER).trigger())

        program.wait_for("[pnl] Starting")
        program.wait_for("[pnl] completed in ")

    def test_logs_each_run_as_json_on_request(self, installation: Installation) -> None:
        program = start(installation, LOG_FORMAT="json")
        run = make_job(key="bad", task="tests.fail", trigger_expression=NEVER).trigger()

        program.wait_for("no such file")

        lines = [json.loads(li) for li in program.output.splitlines() if li.startswith("{")]
        (line,) = [line for line in lines if line["level"] == "ERROR"]
        assert (line["job_id"], line["run_id"], line["logger"]) == (
            "bad",
            run.pk,
            "scheduling.runs",
        )
        assert line["execution_time_ms"] >= 0
        assert "T" in line["timestamp"]


class TestEnd:
    def test_the_first_signal_lets_runs_finish(self, installation: Installation) -> None:
        program = start(installation)
        run = make_job(
            task="tests.sleep", params={"seconds": 2}, trigger_expression=NEVER
        ).trigger()
        program.wait_for(f"Starting run {run.pk}")

        program.send_signal(signal.SIGTERM)

        assert program.wait(10) == 0
        run.refresh_from_db()
        assert (run.status, run.result) == ("succeeded", "slept")

    def test_runs_that_outlast_the_grace_are_lost_with_the_reason(
        self, installation: Installation
    ) -> None:
        program = start(installation, SHUTDOWN_GRACE="0.5")
        job = make_job(
            task="tests.sleep", params={"seconds": 60, "heed_stop": False},
            trigger_expression=NEVER,
        )  # fmt: skip
        run = job.trigger()
        program.wait_for(f"Starting run {run.pk}")

        program.send_signal(signal.SIGINT)

        assert program.wait(10) == 0
        run.refresh_from_db()
        assert (run.status, "shut down" in run.reason) == ("lost", True)

    def test_the_second_signal_ends_at_once(self, installation: Installation) -> None:
        program = start(installation)
        run = make_job(
            task="tests.sleep", params={"seconds": 60}, trigger_expression=NEVER
        ).trigger()
        program.wait_for(f"Starting run {run.pk}")

        program.send_signal(signal.SIGTERM)
        program.wait_for("Stopping; 1 run")
        program.send_signal(signal.SIGTERM)

        assert program.wait(2) == 1
        run.refresh_from_db()
        assert (run.status, run.reason) == ("lost", "Its worker was told to end at once.")
        assert Worker.objects.get().stopped_at is not None

    def test_it_says_good_bye(self, installation: Installation) -> None:
        program = start(installation)

        program.end()

        assert Worker.objects.get().stopped_at is not None


class TestInTheWebProcess:
    def serve(self, installation: Installation, run_scheduler: str) -> Program:
        command = (
            sys.executable, "-m", "gunicorn", "project.wsgi", "--bind", "127.0.0.1:8931",
            "--workers", "2", "--threads", "2",
        )  # fmt: skip
        program = installation.launch(command, RUN_SCHEDULER=run_scheduler)
        program.wait_for("Booting worker")
        return program

    def test_any_number_of_web_workers_run_each_occurrence_once(
        self, installation: Installation
    ) -> None:
        program = self.serve(installation, "1")
        deadline = time.monotonic() + 15
        while Worker.objects.count() < 2 and time.monotonic() < deadline:
            time.sleep(0.1)

        job = make_job(trigger_expression="* * * * * *")
        time.sleep(4)
        job.pause("enough")
        program.end()

        times = list(job.runs.filter(status="succeeded").values_list("scheduled_at", flat=True))
        assert len(times) == len(set(times)) >= 3
        assert Worker.objects.filter(stopped_at=None).count() == 0

    def test_none_runs_unless_it_is_asked_for(self, installation: Installation) -> None:
        self.serve(installation, "0")
        with urllib.request.urlopen("http://127.0.0.1:8931/healthz") as answer:
            assert answer.status == 200

        assert not Worker.objects.exists()
