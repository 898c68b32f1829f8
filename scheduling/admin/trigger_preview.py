"""The panel that shows when a trigger would fire, before it is saved."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, tzinfo
from typing import Any

from django.template.loader import render_to_string

from scheduling.exceptions import InvalidTrigger
from scheduling.forms import TriggerForm
from scheduling.pages.times import date_and_time, relative
from scheduling.triggers import PreviewedTime, TriggerSpec, describe, preview, validate

COUNT = 10
TEMPLATE = "admin/scheduling/job/preview.html"
LABELS = {"gap": "Clock change", "fold": "Clock change", "offset_change": "Clock change day"}


@dataclass(frozen=True, slots=True)
class FireTime:
    """One line of the panel."""

    text: str
    offset: str
    relative: str
    mark: str
    label: str
    note: str


@dataclass(frozen=True, slots=True)
class Panel:
    """What the panel says: words and fire times, or what is wrong."""

    words: str = ""
    zone: str = ""
    jitter_seconds: int = 0
    times: list[FireTime] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)

    def render(self) -> str:
        return render_to_string(TEMPLATE, {"panel": self})


def panel_of(spec: TriggerSpec, now: datetime) -> Panel:
    """Return the panel of a trigger, whether or not it can be read."""
    try:
        validate(spec, now)
        times = preview(spec, now, COUNT)
        words = describe(spec)
    except InvalidTrigger as exc:
        return Panel(errors=[text for texts in exc.errors.values() for text in texts])
    return Panel(
        words=words,
        zone=spec.timezone,
        jitter_seconds=spec.jitter_seconds,
        times=[_line(time, now) for time in times],
    )


def panel_of_typed(
    data: Mapping[str, Any], now: datetime, stored: TriggerSpec | None = None
) -> Panel:
    """Return the panel of what stands in the form's fields.

    A trigger that is as it was `stored` goes on counting from where it counts.
    """
    if not data.get("trigger_expression", "").strip():
        return Panel()
    form = TriggerForm(data)
    if not form.is_valid():
        return Panel(errors=[str(text) for texts in form.errors.values() for text in texts])
    spec = form.spec(now)
    if stored is not None and spec == replace(stored, anchor_at=now):
        spec = stored
    return panel_of(spec, now)


def _line(time: PreviewedTime, now: datetime) -> FireTime:
    zone: tzinfo | None = time.local.tzinfo
    return FireTime(
        text=date_and_time(time.local, now.astimezone(zone)),
        offset=_offset(time.local),
        relative=relative(time.at - now),
        mark=time.mark,
        label=LABELS.get(time.mark, ""),
        note=time.note,
    )


def _offset(local: datetime) -> str:
    name = f"{local:%Z}"
    return name if name.isalpha() else f"UTC{local:%z}"
