"""By what jobs, runs and log lines are filtered."""

from __future__ import annotations

import django_filters
from django.db.models import Q, QuerySet

from scheduling.models import Job, Run
from scheduling.rest.filters import Filters, InstantFilter


class JobFilters(Filters):
    state = django_filters.MultipleChoiceFilter(choices=Job.State.choices)
    task = django_filters.CharFilter()
    owner = django_filters.CharFilter(field_name="owner__username")
    search = django_filters.CharFilter(
        method="matching", label="Part of the key, the name, the description or the task."
    )
    ordering = django_filters.OrderingFilter(
        fields={
            "key": "key",
            "name": "name",
            "state": "state",
            "clock__next_run_time": "next_run_at",
            "created_at": "created_at",
            "updated_at": "updated_at",
        }
    )

    def matching(self, jobs: QuerySet[Job], name: str, text: str) -> QuerySet[Job]:
        fields = ("key", "name", "description", "task")
        wanted = Q()
        for field in fields:
            wanted |= Q(**{f"{field}__icontains": text})
        return jobs.filter(wanted)


class LineFilters(Filters):
    after = django_filters.NumberFilter(
        field_name="id", lookup_expr="gt", label="The id of the last line seen.",
        min_value=0, max_value=2**63 - 1,
    )  # fmt: skip


class RunFilters(Filters):
    job = django_filters.CharFilter(method="of_job", label="The key of a job, deleted or not.")
    status = django_filters.MultipleChoiceFilter(choices=Run.Status.choices)
    origin = django_filters.MultipleChoiceFilter(choices=Run.Origin.choices)
    scheduled_from = InstantFilter(field_name="scheduled_at", lookup_expr="gte")
    scheduled_until = InstantFilter(field_name="scheduled_at", lookup_expr="lt", label="Exclusive.")
    created_from = InstantFilter(field_name="created_at", lookup_expr="gte")
    created_until = InstantFilter(field_name="created_at", lookup_expr="lt", label="Exclusive.")
    ordering = django_filters.OrderingFilter(fields=("id", "scheduled_at"))

    def of_job(self, runs: QuerySet[Run], name: str, key: str) -> QuerySet[Run]:
        # By its id where it still exists: the index of a job's history starts with that, and
        # gives the newest runs at once. For "this or that" a database would sort them all.
        gone = Q(job=None, job_key=key)
        job = Job.objects.filter(key=key).first()
        if job is None:
            return runs.filter(gone)
        is_again = Run.objects.filter(gone).exists()
        return runs.filter(Q(job=job) | gone if is_again else Q(job=job))


class RunsOfJobFilters(RunFilters):
    job = None
