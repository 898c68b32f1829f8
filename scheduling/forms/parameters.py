"""A form made from a task's signature."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from django import forms
from django.template.loader import render_to_string
from django.utils.safestring import SafeString

from scheduling.exceptions import InvalidParams
from scheduling.forms.hints import hint_of, placeholder_of
from scheduling.forms.shapes import Json, Schema, Shape, Text, resolved, shape_of
from scheduling.registry import Task

LEFT_OUT = object()
PREFIX = "params"


class ParameterField(forms.CharField):
    """One parameter. Left empty, it is left to the task's default."""

    def __init__(self, shape: Shape, *, placeholder: str = "", **options: Any) -> None:
        super().__init__(widget=shape.widget(placeholder), required=False, strip=False, **options)
        self.shape = shape
        self.is_needed = False

    def to_python(self, value: Any) -> Any:
        text = super().to_python(value)
        return self.shape.read(text) if text else LEFT_OUT


class ParametersForm(forms.Form):
    """The parameters of `task`, or of a task that nobody knows (None): then there are no fields.

    stored   the parameters that the job has; unknown ones get a field of their own
    params   what was typed, as JSON values, once the form is valid
    """

    def __init__(
        self,
        task: Task | None,
        *,
        stored: Mapping[str, Any],
        data: Mapping[str, Any] | None = None,
    ) -> None:
        super().__init__(data, prefix=PREFIX)
        self.task, self.stored = task, stored
        self.params: dict[str, Any] = dict(stored)
        self.fields.update(_fields_of(task, stored) if task else {})
        self.initial = {
            name: field.shape.show(stored[name])
            for name, field in self.fields.items()
            if isinstance(field, ParameterField) and name in stored
        }

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        if self.task is None:
            return cleaned
        given = {name: value for name, value in cleaned.items() if value is not LEFT_OUT}
        try:
            self.params = self.task.parameters.validate(given)
        except InvalidParams as exc:
            self._add_errors(exc)
        return cleaned

    def render_fields(self) -> SafeString:
        return render_to_string("admin/scheduling/job/parameters.html", {"form": self})

    def _add_errors(self, invalid: InvalidParams) -> None:
        for name, messages in invalid.errors.items():
            if name not in self.errors:
                self.add_error(name if name in self.fields else None, messages)


class ParametersWidget(forms.Widget):
    """Shows a ParametersForm in the place of one field."""

    form: ParametersForm

    def render(self, name: str, value: Any, attrs: Any = None, renderer: Any = None) -> Any:
        return self.form.render_fields()

    def value_from_datadict(self, data: Any, files: Any, name: str) -> Any:
        return None  # the form inside reads its own

    def value_omitted_from_data(self, data: Any, files: Any, name: str) -> bool:
        return False

    def id_for_label(self, id_: str | None) -> str:
        return ""


def _fields_of(task: Task, stored: Mapping[str, Any]) -> Iterator[tuple[str, ParameterField]]:
    whole = task.parameters.schema
    needed = whole.get("required", ())
    for name, part in whole.get("properties", {}).items():
        schema = resolved(part, whole.get("$defs", {}))
        yield name, _field_of(name, schema, stored, is_needed=name in needed)
    for name in stored.keys() - whole.get("properties", {}).keys():
        yield (
            name,
            ParameterField(
                Json(), label=name, help_text="The task does not take this any more. Empty it."
            ),
        )


def _field_of(
    name: str, schema: Schema, stored: Mapping[str, Any], *, is_needed: bool
) -> ParameterField:
    shape = _shape_for(schema, stored, name)
    field = ParameterField(
        shape,
        placeholder=placeholder_of(schema, shape),
        label=_label_of(name, schema),
        help_text=hint_of(schema, shape),
    )
    field.is_needed = is_needed
    return field


def _shape_for(schema: Schema, stored: Mapping[str, Any], name: str) -> Shape:
    """Return a shape that can also show what is stored, so that saving loses nothing."""
    shape = shape_of(schema)
    if name not in stored or shape.fits(stored[name]):
        return shape
    many_lines = Text(many_lines=True)
    return many_lines if isinstance(shape, Text) and many_lines.fits(stored[name]) else Json()


def _label_of(name: str, schema: Schema) -> str:
    words = name.replace("_", " ")
    title = str(schema.get("title", ""))
    is_own = title and title.lower() != words.lower() and "$ref" not in schema
    return title if is_own else words.capitalize()
