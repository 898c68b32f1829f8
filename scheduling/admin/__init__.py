"""The pages on which people see and steer jobs, runs and workers."""

from django.contrib import admin
from django_apscheduler.models import DjangoJob, DjangoJobExecution

from scheduling.admin.jobs import JobAdmin
from scheduling.admin.runs import RunAdmin
from scheduling.admin.workers import WorkerAdmin

__all__ = ["JobAdmin", "RunAdmin", "WorkerAdmin"]

# A clock that is edited or deleted here would bypass the job's verbs, and django-apscheduler's
# "run now" would execute the job in the request. Both rows are ours to write.
admin.site.unregister([DjangoJob, DjangoJobExecution])
