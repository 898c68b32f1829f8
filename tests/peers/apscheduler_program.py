"""The README's runapscheduler, in a project with nothing but django-apscheduler."""

from __future__ import annotations

import json
import logging
import os

import django
from apscheduler.executors.pool import ProcessPoolExecutor
from apscheduler.schedulers.blocking import BlockingScheduler
from django.conf import settings
from django.db import connections


def main() -> None:
    logging.basicConfig(level=logging.INFO)
    logging.getLogger("apscheduler.scheduler").setLevel(logging.DEBUG)
    django.setup()
    if patience := os.environ.get("CHAOS_SQLITE_TIMEOUT"):
        connections.settings["default"]["OPTIONS"]["timeout"] = float(patience)
    from django_apscheduler.jobstores import DjangoJobStore

    scheduler = BlockingScheduler(timezone=settings.TIME_ZONE)
    scheduler.add_jobstore(DjangoJobStore(), "default")
    scheduler.add_executor(ProcessPoolExecutor(1), "processpool")
    for declared in json.loads(os.environ.get("DECLARED_JOBS", "[]")):
        scheduler.add_job(**declared, replace_existing=True)
    scheduler.start()


if __name__ == "__main__":
    main()
