from __future__ import annotations

from datetime import UTC, datetime, timedelta
from io import StringIO

import pytest
from django.core.management import call_command
from django.core.management.base import CommandError

from scheduling.models import Run, Worker
from scheduling.registry import registry
from tests.factories import make_job, make_worker

pytestmark = pytest.mark.django_db


def trigger(*args: str) -> str:
    output = StringIO()
    call_command("trigger_job", *args, stdout=output)
    return output.getvalue()


def make_living_worker() -> Worker:
    return make_worker(heartbeat_at=datetime.now(UTC), tasks=registry.all_names())


def test_requests_a_run_and_does_not_wait():
    make_job(key="nightly")

    output = trigger("nightly")

    run = Run.objects.get()
    assert output == f"Run {run.pk} of nightly is pending.\n"
    assert run.origin == "manual"


def test_takes_parameters_as_json_or_as_text():
    make_job(key="nightly")

    trigger("nightly", "--param", "times=2", "--param", "text=123", "--param", "text=a=b")

    assert Run.objects.get().params == {"times": 2, "text": "a=b"}


def test_takes_a_number_for_text_where_the_task_wants_text():
    make_job(key="nightly")

    trigger("nightly", "--param", "text=123")

    assert Run.objects.get().params == {"text": "123"}


def test_takes_the_instant_to_compute_for():
    make_job(key="nightly")

    trigger("nightly", "--scheduled-at", "2025-10-02T14:30:00+02:00")

    assert Run.objects.get().scheduled_at == datetime(2025, 10, 2, 12, 30, tzinfo=UTC)


@pytest.mark.parametrize(
    ("args", "said"),
    [
        (["nightyl"], "Did you mean 'nightly'?"),
        (["nightly", "--param", "times=99"], "times"),
        (["nightly", "--param", "tims=1"], "The task takes: text, times."),
        (["nightly", "--param", "times"], "name=value"),
        (["nightly", "--scheduled-at", "2025-10-02T14:30"], "has no UTC offset"),
        (["nightly", "--scheduled-at", "noon"], "is no instant"),
    ],
)
def test_says_what_is_wrong(args, said):
    make_job(key="nightly")

    with pytest.raises(CommandError, match=said.replace("?", r"\?")):
        trigger(*args)

    assert not Run.objects.exists()


def test_says_when_an_earlier_run_has_not_ended():
    make_job(key="nightly").trigger()

    with pytest.raises(CommandError, match="had not ended"):
        trigger("nightly")


def test_gives_up_waiting_after_the_timeout():
    make_job(key="nightly")
    make_living_worker()

    with pytest.raises(CommandError, match=r"has not ended after 0\.2 s"):
        trigger("nightly", "--wait", "--timeout", "0.2")


@pytest.mark.django_db(transaction=True)
class TestWait:
    def test_runs_it_here_where_no_worker_lives(self):
        make_job(key="nightly")
        make_worker(heartbeat_at=datetime.now(UTC) - timedelta(hours=1))

        output = trigger("nightly", "--param", "text=hi", "--wait")

        assert "succeeded in" in output
        assert '"hi"' in output

    def test_tells_the_reason_of_a_degraded_run(self):
        make_job(key="nightly", task="tests.degrade")

        output = trigger("nightly", "--wait")

        assert "1 of 3 symbols failed" in output
        assert "XYZ" in output

    def test_fails_with_the_error_of_the_run(self):
        make_job(key="nightly", task="tests.fail", params={"message": "no such host"})

        with pytest.raises(CommandError, match="no such host"):
            trigger("nightly", "--wait")

        assert Run.objects.get().status == "failed"
