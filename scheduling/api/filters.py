"""Filters of lists: `?status=failed&status=lost&scheduled_from=2025-10-02T00:00:00Z`."""

from __future__ import annotations

from datetime import datetime
from difflib import get_close_matches
from typing import Any

import django_filters
from django import forms
from django.db.models import Q, QuerySet
from django.http import QueryDict
from django.utils.dateparse import parse_datetime
from rest_framework import serializers
from rest_framework.exceptions import ValidationError

from scheduling.api.fields import Instant
from scheduling.models import Job, Run

PAGING = ("page", "page_size")
EMPTY = "This parameter has no value. Leave it out, or give it one."


class InstantField(forms.CharField):
    def to_python(self, value: Any) -> datetime | None:  # type: ignore[override]
        text = super().to_python(value)
        if not text:
            return None
        try:
            instant: datetime = Instant().run_validation(text)
        except serializers.ValidationError as exc:
            # A + in a query string is a space, and then there is no offset.
            # (%% because django-filter formats the message once more.)
            hint = " Write + as %%2B." if parse_datetime(text.replace(" ", "+")) else ""
            raise forms.ValidationError([f"{message}{hint}" for message in exc.detail]) from exc
        return instant


class InstantFilter(django_filters.Filter):
    field_class = InstantField


class Filters(django_filters.FilterSet):
    """Refuses parameters that are unknown, empty or given twice: those would show too much."""

    def __init__(self, data: QueryDict, queryset: QuerySet[Any], **options: Any) -> None:
        if errors := {name: [fault] for name in data if (fault := self._fault(name, data))}:
            raise ValidationError(errors)
        super().__init__(data, queryset, **options)

    def _fault(self, name: str, data: QueryDict) -> str:
        known = [*self.base_filters, *PAGING]
        if name not in known:
            return _hint(name, known)
        values = data.getlist(name)
        is_list = isinstance(self.base_filters.get(name), django_filters.MultipleChoiceFilter)
        if len(values) > 1 and not is_list:
            return "Give this parameter once."
        if name == "ordering":
            values = values[0].split(",")
        return EMPTY if "" in values else ""


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


def _hint(name: str, known: list[str]) -> str:
    close = get_close_matches(name, known, n=1)
    if close:
        return f"Unknown parameter. Did you mean {close[0]!r}?"
    return f"Unknown parameter. Use: {', '.join(known)}."
