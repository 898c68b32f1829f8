from __future__ import annotations

from datetime import datetime, timedelta
from io import StringIO
from typing import Any

from django.core.management import call_command
from django.test import Client
from django.urls import reverse

from scheduling.models import Job
from tests.chaos.pace import ENV
from tests.factories import make_job
from tests.installation import Program
from tests.peers.system import STARTED, Spec, System, patience


class Daybook(System):
    name = "Daybook"
    up = "Scheduler started successfully"

    def add_job(self, spec: Spec) -> None:
        params: dict[str, Any] = {"path": str(self.out)}
        if spec.seconds is not None:
            params["seconds"] = spec.seconds
        values: dict[str, Any] = {"trigger_kind": "date", "trigger_expression": str(spec.at)}
        if spec.every is not None:
            values = {"trigger_kind": "interval", "trigger_expression": in_seconds(spec.every)}
        if spec.catch_up:
            values |= {"coalesce": False, "misfire_grace_seconds": None}
            values |= {"overlap": "allow", "max_instances": 1000}
        if spec.timeout is not None:
            values |= {"timeout_seconds": spec.timeout}
        make_job(key=spec.key, task=task_of(spec), params=params, now=spec.since, **values)

    def launch(self, *, code: str = "new", declared: Spec | None = None) -> Program:
        if declared is not None:
            call_command("sync_jobs", stdout=StringIO())
        env = ENV | patience() | {"CHAOS_CODE": code}
        return self.installation.start("runapscheduler", **env)

    def change(self, key: str, every: timedelta) -> None:
        job = Job.objects.get(key=key)
        job.trigger_expression = in_seconds(every)
        job.put()

    def pause(self, key: str) -> None:
        Job.objects.get(key=key).pause("enough")

    def run_now(self, client: Client, key: str) -> None:
        job = Job.objects.get(key=key)
        client.post(reverse("admin:scheduling_job_trigger", args=[job.pk]))

    def next_run_at(self, key: str) -> datetime | None:
        return Job.objects.get(key=key).next_run_at

    def history(self, key: str) -> list[str]:
        runs = Job.objects.get(key=key).runs.order_by("id").exclude(status="pending")
        statuses = runs.values_list("status", flat=True)
        return [STARTED if status == "running" else status for status in statuses]


def task_of(spec: Spec) -> str:
    if spec.task == "fail":
        return "chaos.fail_for_good"
    return f"chaos.{spec.task}_isolated" if spec.isolated else f"chaos.{spec.task}"


def in_seconds(every: timedelta) -> str:
    return f"{round(every.total_seconds())}s"
