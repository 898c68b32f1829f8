"""Filters of lists: `?status=failed&status=lost&scheduled_from=2025-10-02T00:00:00Z`."""

from __future__ import annotations

from datetime import datetime
from difflib import get_close_matches
from typing import Any

import django_filters
from django import forms
from django.db.models import QuerySet
from django.http import QueryDict
from rest_framework import serializers
from rest_framework.exceptions import ValidationError

from scheduling.rest.fields import QueryInstant

PAGING = ("page", "page_size")
EMPTY = "This parameter has no value. Leave it out, or give it one."


class InstantField(forms.CharField):
    def to_python(self, value: Any) -> datetime | None:  # type: ignore[override]
        text = super().to_python(value)
        if not text:
            return None
        try:
            instant: datetime = QueryInstant().run_validation(text)
        except serializers.ValidationError as exc:
            # django-filter formats the message once more.
            messages = [str(message).replace("%", "%%") for message in exc.detail]
            raise forms.ValidationError(messages) from exc
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


def _hint(name: str, known: list[str]) -> str:
    close = get_close_matches(name, known, n=1)
    if close:
        return f"Unknown parameter. Did you mean {close[0]!r}?"
    return f"Unknown parameter. Use: {', '.join(known)}."
