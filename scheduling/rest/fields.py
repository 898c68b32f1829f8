"""JSON values, taken as they are: "5" is no number, 1 is no flag, no time is without offset."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from typing import Any

from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from scheduling.triggers.spec import FIRST_YEAR, LAST_YEAR, is_usable_year

LARGEST = 2_147_483_647  # of PostgreSQL's integer
LARGEST_SMALL = 32_767  # of PostgreSQL's smallint
OFFSET_AFTER_BLANK = re.compile(r"[0-9]{2}:[0-9]{2}\S* [0-9]{2}:?[0-9]{2}$")


class Text(serializers.CharField):
    """A string, without blanks around it. One in which nothing can be seen is blank."""

    def to_internal_value(self, data: Any) -> str:
        if not isinstance(data, str):
            self.fail("invalid")
        text = super().to_internal_value(data)
        is_seen = any(one.isprintable() and not one.isspace() for one in text)
        if text and not is_seen and not self.allow_blank:
            self.fail("blank")
        return text


class Whole(serializers.IntegerField):
    """A whole number; 0 or more, unless it says otherwise."""

    def __init__(self, *, min_value: int = 0, max_value: int = LARGEST, **options: Any) -> None:
        super().__init__(min_value=min_value, max_value=max_value, **options)

    def to_internal_value(self, data: Any) -> int:
        if not isinstance(data, int) or isinstance(data, bool):
            self.fail("invalid")
        return data


class Flag(serializers.BooleanField):
    def to_internal_value(self, data: Any) -> bool:
        if not isinstance(data, bool):
            self.fail("invalid", input=data)
        return data


class Instant(serializers.DateTimeField):
    """An instant: ISO 8601, in UTC with a Z on the way out, with any offset on the way in."""

    def to_internal_value(self, value: Any) -> datetime:
        if not isinstance(value, str):
            self.fail("invalid", format="YYYY-MM-DDThh:mm:ssZ")
        return super().to_internal_value(value)

    def enforce_timezone(self, value: datetime) -> datetime:
        if value.utcoffset() is None:
            raise serializers.ValidationError(
                f"A UTC offset is needed, such as {value.isoformat()}Z.", code="naive"
            )
        if not is_usable_year(value):
            raise serializers.ValidationError(
                f"The year is out of range; use {FIRST_YEAR} to {LAST_YEAR}.", code="year"
            )
        return value.astimezone(UTC)


class QueryInstant(Instant):
    """An instant in a query string, where a + is a blank: then there is no offset any more."""

    def to_internal_value(self, value: Any) -> datetime:
        try:
            return super().to_internal_value(value)
        except serializers.ValidationError as exc:
            if not (isinstance(value, str) and OFFSET_AFTER_BLANK.search(value)):
                raise
            messages = [f"{message} Write + as %2B." for message in exc.detail]
            raise serializers.ValidationError(messages) from exc


@extend_schema_field(OpenApiTypes.FLOAT)
class Milliseconds(serializers.Field[timedelta, float, float, Any]):
    """A duration, to a tenth of a millisecond."""

    def to_representation(self, value: timedelta) -> float:
        return round(value.total_seconds() * 1000, 1)
