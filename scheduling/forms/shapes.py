"""How one parameter is typed into a form: a line of text, a choice, a list, or JSON."""

from __future__ import annotations

import json
from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.core.exceptions import ValidationError
from unfold.widgets import (
    UnfoldAdminExpandableTextareaWidget,
    UnfoldAdminSelectWidget,
    UnfoldAdminTextInputWidget,
)

Schema = Mapping[str, Any]

NUMBERS = {"integer", "number"}


class Shape(ABC):
    """Turns values into text and back. What it cannot show without loss, it does not fit."""

    @abstractmethod
    def fits(self, value: Any) -> bool:
        """Tell whether `show` and `read` bring `value` back as it was."""

    @abstractmethod
    def show(self, value: Any) -> str: ...

    @abstractmethod
    def read(self, text: str) -> Any:
        """Return the JSON value of a text that is not empty; raise ValidationError."""

    @abstractmethod
    def widget(self, placeholder: str) -> Any:
        """Return a widget of unfold's, which has no types."""


@dataclass(frozen=True, slots=True)
class Text(Shape):
    """A string; also a date, a time or a duration, which are strings in JSON."""

    many_lines: bool = False

    def fits(self, value: Any) -> bool:
        return isinstance(value, str) and bool(value) and ("\n" not in value or self.many_lines)

    def show(self, value: Any) -> str:
        return str(value)

    def read(self, text: str) -> Any:
        return text.replace("\r\n", "\n")

    def widget(self, placeholder: str) -> Any:
        if self.many_lines:
            return UnfoldAdminExpandableTextareaWidget({"placeholder": placeholder})
        return UnfoldAdminTextInputWidget({"placeholder": placeholder})


@dataclass(frozen=True, slots=True)
class Number(Shape):
    """A number, also one that does not fit a float: it is checked as it was typed."""

    whole: bool = False

    def fits(self, value: Any) -> bool:
        return _is_number(value) or (isinstance(value, str) and bool(value.strip()))

    def show(self, value: Any) -> str:
        return str(value)

    def read(self, text: str) -> Any:
        return text.strip()

    def widget(self, placeholder: str) -> Any:
        mode = "numeric" if self.whole else "decimal"
        return UnfoldAdminTextInputWidget({"placeholder": placeholder, "inputmode": mode})


@dataclass(frozen=True, slots=True)
class Choice(Shape):
    """One of a few values, each under a label."""

    options: tuple[tuple[str, Any], ...]

    def fits(self, value: Any) -> bool:
        return any(_same(value, option) for _, option in self.options)

    def show(self, value: Any) -> str:
        return next((label for label, option in self.options if _same(value, option)), "")

    def read(self, text: str) -> Any:
        for label, option in self.options:
            if label == text:
                return option
        raise ValidationError(f"'{text}' is not one of the choices.")

    def widget(self, placeholder: str) -> Any:
        labels = [(label, label) for label, _ in self.options]
        return UnfoldAdminSelectWidget(choices=[("", placeholder or "Select a value"), *labels])


@dataclass(frozen=True, slots=True)
class Lines(Shape):
    """A list of strings or numbers, one a line."""

    def fits(self, value: Any) -> bool:
        return isinstance(value, list) and bool(value) and all(map(self._is_line, value))

    def show(self, value: Any) -> str:
        return "\n".join(str(item) for item in value)

    def read(self, text: str) -> Any:
        return [line for line in text.splitlines() if line.strip()]

    def widget(self, placeholder: str) -> Any:
        return UnfoldAdminExpandableTextareaWidget({"placeholder": placeholder})

    @staticmethod
    def _is_line(item: Any) -> bool:
        is_text = isinstance(item, str) and item.splitlines() == [item] and bool(item.strip())
        return is_text or _is_number(item)


@dataclass(frozen=True, slots=True)
class Json(Shape):
    """Anything else."""

    def fits(self, value: Any) -> bool:
        return True

    def show(self, value: Any) -> str:
        return json.dumps(value, indent=2, ensure_ascii=False)

    def read(self, text: str) -> Any:
        try:
            return json.loads(text)
        except ValueError as exc:
            raise ValidationError(f"This is not valid JSON: {exc}.") from exc

    def widget(self, placeholder: str) -> Any:
        return UnfoldAdminExpandableTextareaWidget(
            {"placeholder": placeholder, "class": "db-code", "spellcheck": "false"}
        )


def shape_of(schema: Schema) -> Shape:
    """Return how a value of `schema`, resolved by `resolved`, is typed in."""
    options = schema.get("enum") or ([schema["const"]] if "const" in schema else None)
    if options is not None:
        return Choice(tuple((str(option), option) for option in options))
    kind = schema.get("type")
    if kind == "boolean":
        return Choice((("Yes", True), ("No", False)))
    if kind in NUMBERS or _is_decimal(schema):
        return Number(whole=kind == "integer")
    if kind == "string":
        return Text(many_lines="\n" in str(schema.get("default", "")))
    if kind == "array" and _has_plain_items(schema):
        return Lines()
    return Json()


def resolved(schema: Schema, definitions: Schema) -> dict[str, Any]:
    """Return `schema` with its reference followed, and without "or null"."""
    whole = dict(schema)
    if "$ref" in whole:
        name = whole.pop("$ref").rpartition("/")[2]
        return {**resolved(definitions.get(name, {}), definitions), **whole}
    options = [option for option in whole.get("anyOf", ()) if option.get("type") != "null"]
    if len(options) == 1:
        del whole["anyOf"]
        return {**resolved(options[0], definitions), **whole}
    if options:
        whole["anyOf"] = [resolved(option, definitions) for option in options]
    if "items" in whole:
        whole["items"] = resolved(whole["items"], definitions)
    return whole


def _is_decimal(schema: Schema) -> bool:
    kinds = {option.get("type") for option in schema.get("anyOf", ())}
    return kinds == {"number", "string"}


def _has_plain_items(schema: Schema) -> bool:
    items = schema.get("items", {})
    return items.get("type") in {"string", *NUMBERS} or _is_decimal(items)


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _same(one: Any, other: Any) -> bool:
    return type(one) is type(other) and bool(one == other)
