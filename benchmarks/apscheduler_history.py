"""django-apscheduler's admin with a month of its history."""

from __future__ import annotations

from apscheduler.triggers.cron import CronTrigger
from django.utils import timezone
from django_apscheduler.models import DjangoJobExecution

from benchmarks.apscheduler import fill
from benchmarks.past import BUSIEST, JOBS, TOOK, Past, settle
from benchmarks.web import seconds_to_open

STATUS = "CASE WHEN lot < 93 THEN 'Executed' WHEN lot < 98 THEN 'Error!' ELSE 'Missed!' END"


def history(runs: int) -> dict[str, float]:
    """Open its list of what ran: it has neither statistics, nor REST, nor metrics."""
    now = timezone.now()
    fill(now, CronTrigger(second=0), JOBS)
    past = Past(size=runs, now=now)
    columns = {
        "job_id": "job",
        "status": STATUS,
        "run_time": past.instant("at"),
        "duration": f"{TOOK} / 1000.0",
        "finished": "0",
        "exception": "CASE WHEN lot BETWEEN 93 AND 97 THEN 'No such file.' END",
    }
    past.insert(DjangoJobExecution._meta.db_table, columns, range(runs))
    settle()
    page = "/admin/django_apscheduler/djangojobexecution/"
    return seconds_to_open(
        {
            "admin, first page of runs": page,
            "admin, runs by status": f"{page}?status__exact=Error!",
            "admin, runs by job": f"{page}?job__id={BUSIEST}",
        },
        ["django.core.wsgi:get_wsgi_application()"],
    )
