"""What a parameter takes, in words, from its JSON Schema."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from typing import Any

from scheduling.forms.shapes import Choice, Json, Lines, Number, Schema, Shape

LEFT_EMPTY = "x-left-empty"
FORMATS = {
    "date": "A date, such as 2026-12-31.",
    "date-time": "A date and time, such as 2026-12-31T18:00:00+01:00.",
    "time": "A time, such as 18:00.",
    "duration": "A duration, such as PT5M (five minutes) or P1D (a day).",
}
LIMITS = {
    "minimum": "at least",
    "exclusiveMinimum": "more than",
    "maximum": "at most",
    "exclusiveMaximum": "less than",
    "multipleOf": "a multiple of",
}


def hint_of(schema: Schema, shape: Shape) -> str:
    """Return the description of a parameter, followed by what may be typed."""
    description = str(schema.get("description", "")).strip()
    return " ".join(filter(None, [description, *_kind_words(schema, shape)]))


def placeholder_of(schema: Schema, shape: Shape) -> str:
    """Return the default as it would be typed; empty if the parameter has none.

    A task that looks up elsewhere what is left empty says so in its schema.
    """
    if LEFT_EMPTY in schema:
        return str(schema[LEFT_EMPTY])
    if "default" not in schema:
        return ""
    default = schema["default"]
    text = _default_words(default, shape)
    return f"Default: {text}" if isinstance(shape, Choice) else text


def _default_words(default: Any, shape: Shape) -> str:
    if default is None:
        return "none"
    if default in ("", [], {}):
        return "empty"
    return shape.show(default) if shape.fits(default) else Json().show(default)


def _kind_words(schema: Schema, shape: Shape) -> Iterator[str]:
    if isinstance(shape, Number):
        kind = "A whole number" if shape.whole else "A number"
        yield ", ".join([kind, *_limits(schema)]) + "."
    elif isinstance(shape, Lines):
        yield "One a line."
    elif isinstance(shape, Json):
        yield "As JSON."
    elif schema.get("format") in FORMATS:
        yield FORMATS[schema["format"]]
    yield from _lengths(schema)


def _limits(schema: Schema) -> Iterator[str]:
    for part in (schema, *schema.get("anyOf", ())):
        for name, words in LIMITS.items():
            if name in part:
                yield f"{words} {Decimal(str(part[name])).normalize():f}"


def _lengths(schema: Schema) -> Iterator[str]:
    if "minLength" in schema:
        yield f"At least {schema['minLength']} characters."
    if "maxLength" in schema:
        yield f"At most {schema['maxLength']} characters."
