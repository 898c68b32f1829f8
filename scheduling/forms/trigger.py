"""When a job fires, as people type it: wall-clock times in the job's own zone."""

from __future__ import annotations

from datetime import UTC, datetime, tzinfo
from functools import lru_cache
from typing import Any
from zoneinfo import available_timezones

from django import forms
from django.core.exceptions import ValidationError
from django.forms.forms import DeclarativeFieldsMetaclass
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from unfold.widgets import (
    UnfoldAdminIntegerFieldWidget,
    UnfoldAdminSelectWidget,
    UnfoldAdminTextInputWidget,
)

from scheduling.models.triggered import Triggered
from scheduling.triggers import TriggerSpec
from scheduling.triggers.zones import zone_or_utc

WALL_CLOCK = "%Y-%m-%dT%H:%M:%S"
BOUNDS = ("start_at", "end_at")


class WallClockInput(UnfoldAdminTextInputWidget):
    """The browser's own picker of a date and a time."""

    input_type = "datetime-local"
    supports_microseconds = False

    def __init__(self) -> None:
        super().__init__({"step": "1", "class": "db-datetime"})

    def format_value(self, value: Any) -> str | None:
        return value.strftime(WALL_CLOCK) if isinstance(value, datetime) else value


class WallClockField(forms.Field):
    """A date and time as a clock on the wall shows them; with an offset, that instant."""

    widget = WallClockInput

    def to_python(self, value: Any) -> datetime | None:
        if value in self.empty_values or isinstance(value, datetime):
            return value or None
        try:
            return datetime.fromisoformat(value.strip())
        except ValueError as exc:
            raise ValidationError("Write a date and a time: 2026-12-31T18:00.") from exc


class ZoneInput(UnfoldAdminTextInputWidget):
    """A text that completes the names of time zones."""

    def __init__(self) -> None:
        super().__init__({"list": "time-zones", "autocomplete": "off", "spellcheck": "false"})

    def render(self, name: str, value: Any, attrs: Any = None, renderer: Any = None) -> SafeString:
        zones = format_html_join("", '<option value="{}">', ((zone,) for zone in _zones()))
        field = super().render(name, value, attrs, renderer)
        return format_html('{}<datalist id="time-zones">{}</datalist>', field, zones)


class TriggerFields(metaclass=DeclarativeFieldsMetaclass):
    """The fields of a trigger, for a form of it alone and for that of a job."""

    trigger_kind = forms.ChoiceField(
        label="Kind", choices=Triggered.TriggerKind.choices, widget=UnfoldAdminSelectWidget
    )
    trigger_expression = forms.CharField(
        label="Expression",
        max_length=200,
        widget=UnfoldAdminTextInputWidget(
            {"class": "db-code", "autocomplete": "off", "spellcheck": "false"}
        ),
        help_text="Cron: */15 7-23 * * *. Interval: 15m or 1h30m. Once: 2026-12-31T18:00.",
    )
    timezone = forms.CharField(
        label="Time zone",
        max_length=64,
        widget=ZoneInput,
        help_text="The expression, the start and the end are times on a clock in this zone.",
    )
    start_at = WallClockField(label="Not before", required=False, help_text="Empty: from now on.")
    end_at = WallClockField(label="Not after", required=False, help_text="Empty: without end.")
    jitter_seconds = forms.IntegerField(
        label="Jitter",
        required=False,
        min_value=0,
        widget=UnfoldAdminIntegerFieldWidget,
        help_text="Seconds. A run starts up to so long after its fire time. Empty: none.",
    )


class TriggerForm(TriggerFields, forms.Form):
    """A trigger that is not saved yet."""

    def spec(self, anchor_at: datetime) -> TriggerSpec:
        """Return what was typed, once the form is valid."""
        typed = self.cleaned_data
        zone = zone_or_utc(typed["timezone"])
        return TriggerSpec(
            kind=typed["trigger_kind"],
            expression=typed["trigger_expression"],
            timezone=typed["timezone"],
            start_at=on_the_wall(typed["start_at"], zone),
            end_at=on_the_wall(typed["end_at"], zone),
            jitter_seconds=typed["jitter_seconds"] or 0,
            anchor_at=anchor_at,
        )


@lru_cache(maxsize=1)
def _zones() -> list[str]:
    return sorted(zone for zone in available_timezones() if "/" in zone or zone == "UTC")


def on_the_wall(moment: datetime | None, zone: tzinfo) -> datetime | None:
    """Return the instant at which a clock in `zone` shows `moment`."""
    if moment is None or moment.tzinfo is not None:
        return moment
    return moment.replace(tzinfo=zone).astimezone(UTC)
