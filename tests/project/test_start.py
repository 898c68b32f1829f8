from __future__ import annotations

import json
import os
import signal
import socket
import sys
import time
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
def test_host_and_form_of_lines_are_those_of_the_settings(installation: Installation) -> None:
    program, port = start(installation, HOST="::1", LOG_FORMAT="json")

    assert answers(port, host="[::1]")
    assert f"Daybook is at http://[::1]:{port}/" in program.output
    lines = program.output.splitlines()
    said = [line.partition("| ")[2] for line in lines if "| {" in line]
    loggers = {json.loads(line)["logger"] for line in said}
    assert {"gunicorn.error", "scheduling.management.commands.runapscheduler"} <= loggers


@pytest.mark.parametrize("host", ["::1", "[::1]"])
def test_an_ipv6_address_is_in_brackets_before_a_port(host: str) -> None:
    assert bracketed(host) == "[::1]"


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


def together(installation: Installation, **commands: str) -> Program:
    """Run commands as web and scheduler run, until all have ended."""
    code = (
        "from pathlib import Path; from project.processes import Together; "
        f"raise SystemExit(Together({commands}, env={{}}, cwd=Path(), patience=5).run())"
    )
    return installation.launch((sys.executable, "-c", code))


def family_of(program: Program) -> list[psutil.Process]:
    """Return the two that it has started, as soon as both are `sleep`."""
    deadline = time.monotonic() + 15
    family: list[psutil.Process] = []
    while [one.name() for one in family] != ["sleep", "sleep"]:
        assert time.monotonic() < deadline
        time.sleep(0.02)
        family = psutil.Process(program.pid).children()
    return family


@pytest.mark.any_database
def test_closed_terminal_leaves_no_process_behind(installation: Installation) -> None:
    program = together(installation, web="exec sleep 60", scheduler="exec sleep 60")
    family = family_of(program)

    program.send_signal(signal.SIGHUP)

    assert program.wait(15) == 0
    assert not [process for process in family if process.is_running()]


@pytest.mark.any_database
def test_process_that_dies_is_named_and_takes_the_other_with_it(
    installation: Installation,
) -> None:
    program = together(installation, web="exec sleep 60", scheduler="exec sleep 61")
    family = family_of(program)
    (scheduler,) = [one for one in family if "61" in one.cmdline()]

    os.kill(scheduler.pid, signal.SIGKILL)

    assert program.wait(15) == 1
    assert "scheduler ended by itself: killed by SIGKILL\n" in program.output
    assert not [process for process in family if process.is_running()]


@pytest.mark.any_database
def test_process_that_gives_up_is_named_with_its_exit_code(installation: Installation) -> None:
    program = together(installation, web="exec sleep 60", scheduler="exit 3")

    assert program.wait(15) == 1
    assert "scheduler ended by itself: exit code 3\n" in program.output


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
