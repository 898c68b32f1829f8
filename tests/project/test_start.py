from __future__ import annotations

import json
import os
import signal
import socket
import sys
import urllib.request

import psutil
import pytest

from project.start import bracketed
from tests.factories import make_job
from tests.installation import Installation, Program

START = (sys.executable, "-m", "project.start")
UP = "Scheduler started successfully"


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def start(installation: Installation, **env: str) -> tuple[Program, int]:
    port = free_port()
    program = installation.launch(START, PORT=str(port), WEB_CONCURRENCY="1", **env)
    program.wait_for(UP)
    program.wait_for("Booting worker")
    return program, port


def answers(port: int, *, host: str = "127.0.0.1") -> bool:
    with urllib.request.urlopen(f"http://{host}:{port}/healthz", timeout=10) as response:
        return bool(response.status == 200)


@pytest.mark.any_database
def test_host_may_be_an_ipv6_address(installation: Installation) -> None:
    program, port = start(installation, HOST="::1")

    assert answers(port, host="[::1]")
    assert f"Daybook is at http://[::1]:{port}/" in program.output


@pytest.mark.parametrize("host", ["::1", "[::1]"])
def test_an_ipv6_address_is_in_brackets_before_a_port(host: str) -> None:
    assert bracketed(host) == "[::1]"


@pytest.mark.any_database
def test_lines_of_web_and_scheduler_are_json_on_request(installation: Installation) -> None:
    program, _ = start(installation, LOG_FORMAT="json")

    lines = program.output.splitlines()
    said = [line.partition("| ")[2] for line in lines if "| {" in line]
    loggers = {json.loads(line)["logger"] for line in said}
    assert {"gunicorn.error", "scheduling.management.commands.runapscheduler"} <= loggers


def test_web_and_scheduler_run_together_until_an_interrupt(installation: Installation) -> None:
    program, port = start(installation)
    assert answers(port)
    assert f"Daybook is at http://127.0.0.1:{port}/" in program.output
    family = psutil.Process(program.pid).children(recursive=True)

    program.send_signal(signal.SIGINT)

    assert program.wait(15) == 0
    assert not [process for process in family if process.is_running()]
    assert "Traceback" not in program.output


@pytest.mark.any_database
def test_interrupt_at_the_very_start_ends_it_too(installation: Installation) -> None:
    program = installation.launch(START, PORT=str(free_port()))
    program.wait_for("Daybook is at")

    program.send_signal(signal.SIGINT)

    assert program.wait(15) == 0


@pytest.mark.any_database
def test_closed_terminal_leaves_no_process_behind(installation: Installation) -> None:
    program, _ = start(installation)
    family = psutil.Process(program.pid).children(recursive=True)

    program.send_signal(signal.SIGHUP)
    program.wait(15)

    assert not [process for process in family if process.is_running()]


@pytest.mark.any_database
def test_taken_port_is_said_at_once(installation: Installation) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]

        program = installation.launch(START, PORT=str(port))

        assert program.wait(15) == 1
        assert f"PORT={port + 1} make run" in program.output


@pytest.mark.any_database
def test_address_of_another_machine_is_said_at_once(installation: Installation) -> None:
    program = installation.launch(START, HOST="192.0.2.1")

    assert program.wait(15) == 1
    assert "Set HOST to an address of this machine" in program.output
    assert "Traceback" not in program.output


@pytest.mark.any_database
def test_process_that_dies_is_named_and_takes_the_other_with_it(
    installation: Installation,
) -> None:
    program, _ = start(installation)
    (scheduler,) = find(program, "runapscheduler")

    os.kill(scheduler.pid, signal.SIGKILL)

    assert program.wait(15) != 0
    assert "scheduler ended by itself: killed by SIGKILL\n" in program.output
    assert not find(program, "gunicorn")


@pytest.mark.any_database
def test_process_that_gives_up_is_named_with_its_exit_code(installation: Installation) -> None:
    commands = {"web": "exec sleep 60", "scheduler": "exit 3"}
    code = (
        "import sys; from pathlib import Path; from project.processes import Together; "
        f"sys.exit(Together({commands}, env={{}}, cwd=Path(), patience=5).run())"
    )

    program = installation.launch((sys.executable, "-c", code))

    assert program.wait(15) == 1
    assert "scheduler ended by itself: exit code 3\n" in program.output


def find(program: Program, word: str) -> list[psutil.Process]:
    if program.poll() is not None:
        return []
    family = psutil.Process(program.pid).children(recursive=True)
    return [process for process in family if process.is_running() and word in process.cmdline()]


def test_running_run_has_time_until_a_second_interrupt(installation: Installation) -> None:
    job = make_job(task="tests.sleep", params={"seconds": 60, "heed_stop": False})
    program, _ = start(installation)
    job.trigger()
    program.wait_for("] Starting")

    program.send_signal(signal.SIGINT)
    program.wait_for("Stopping")
    assert program.poll() is None
    program.send_signal(signal.SIGINT)

    assert program.wait(5) == 0
