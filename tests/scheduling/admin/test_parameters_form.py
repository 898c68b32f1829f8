"""A task's signature becomes a form, and what is typed becomes JSON values."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from enum import Enum
from typing import Annotated, Any, Literal

import pytest
from pydantic import Field

from scheduling.forms import ParametersForm
from scheduling.forms.parameters import ParameterField
from scheduling.forms.shapes import Choice, Json, Lines, Number, Text
from scheduling.parameters import Parameters
from scheduling.registry import Task


class Colour(Enum):
    RED = "red"
    BLUE = "blue"


def sample(
    *,
    whole: Annotated[int, Field(ge=1, lt=10)] = 3,
    real: float = 1.5,
    money: Annotated[Decimal, Field(ge=0, description="In dollars.")] = Decimal("1"),
    flag: bool = True,
    text: str = "hello",
    mode: Literal["fast", "slow"] = "fast",
    level: Literal[1, 2] = 1,
    colour: Colour = Colour.RED,
    day: date | None = None,
    moment: datetime | None = None,
    maybe: int | None = 5,
    maybe_colour: Colour | None = None,
    names: list[str] = ["a", "b"],  # noqa: B006  # a default in a schema
    numbers: list[int] = [],  # noqa: B006
    table: dict[str, int] = {},  # noqa: B006
    either: int | str = 1,
) -> None:
    """Take one parameter of each type."""


def required(*, name: str, count: int, sure: bool) -> None:
    """Take parameters without a default."""


def task_of(function: Any) -> Task:
    return Task(
        name="tests.sample", label="Sample", description="", function=function,
        parameters=Parameters.of(function), timeout=1, isolation="thread", max_attempts=1,
        backoff=0, retry_lost=False, aliases=(),
    )  # fmt: skip


def form_of(function: Any = sample, *, stored: Any = None, **typed: str) -> ParametersForm:
    data = {f"params-{name}": text for name, text in typed.items()}
    return ParametersForm(task_of(function), stored=stored or {}, data=data)


@pytest.mark.parametrize(
    ("name", "shape"),
    [
        ("whole", Number), ("real", Number), ("money", Number), ("flag", Choice),
        ("text", Text), ("mode", Choice), ("level", Choice), ("colour", Choice),
        ("day", Text), ("moment", Text), ("maybe", Number), ("maybe_colour", Choice),
        ("names", Lines), ("numbers", Lines), ("table", Json), ("either", Json),
    ],
)  # fmt: skip
def test_only_what_fits_no_plain_field_is_json(name, shape):
    field = form_of().fields[name]

    assert isinstance(field, ParameterField)
    assert type(field.shape) is shape


@pytest.mark.parametrize(
    ("name", "typed", "value"),
    [
        ("whole", " 7 ", 7), ("real", "2.25", 2.25), ("money", "1.10", "1.10"),
        ("flag", "No", False), ("text", " spaces stay ", " spaces stay "), ("mode", "slow", "slow"),
        ("level", "2", 2), ("colour", "blue", "blue"), ("day", "2026-12-31", "2026-12-31"),
        ("moment", "2026-12-31T18:00:00Z", "2026-12-31T18:00:00Z"), ("maybe", "8", 8),
        ("names", "x\r\n\r\ny\r\n", ["x", "y"]), ("numbers", "1\n2", [1, 2]),
        ("table", '{"a": 1}', {"a": 1}), ("either", '"1"', "1"),
    ],
)  # fmt: skip
def test_what_is_typed_becomes_a_value(name, typed, value):
    form = form_of(**{name: typed})

    assert form.is_valid(), form.errors
    assert form.params == {name: value}


def test_what_is_left_empty_is_left_to_the_task():
    form = form_of(whole="", text="", names="", flag="", table="")

    assert form.is_valid()
    assert form.params == {}


@pytest.mark.parametrize(
    ("name", "typed", "complaint"),
    [
        ("whole", "many", "valid integer"), ("whole", "10", "less than 10"),
        ("money", "-1", "greater than or equal to 0"), ("mode", "fastest", "not one of"),
        ("day", "31.12.2026", "valid date"), ("table", "{a: 1}", "not valid JSON"),
        ("numbers", "1\nx", "valid integer"),
    ],
)  # fmt: skip
def test_an_error_stands_at_its_field(name, typed, complaint):
    form = form_of(**{name: typed})

    assert not form.is_valid()
    assert list(form.errors) == [name]
    assert complaint in form.errors[name][0]


def test_what_has_no_default_is_required():
    form = form_of(required, name="", count="", sure="")

    assert not form.is_valid()
    assert {texts[0] for texts in form.errors.values()} == {"This parameter is required."}
    assert form.render_fields().count('title="Required"') == 3


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("text", ""), ("text", "two\nlines"), ("maybe", None), ("names", []),
        ("names", ["a\nb", ""]), ("whole", 4), ("money", "2.50"), ("flag", False),
        ("level", 2), ("either", "7"), ("text", "  "),
    ],
)  # fmt: skip
def test_a_stored_value_comes_back_as_it_was(name, value):
    shown = form_of(stored={name: value}).initial[name]

    form = form_of(stored={name: value}, **{name: shown.replace("\n", "\r\n")})

    assert form.is_valid(), form.errors
    assert form.params == {name: value}


def test_a_stored_value_that_does_not_fit_is_shown_as_it_stands():
    form = form_of(stored={"whole": "many"}, whole="many")

    assert form.initial["whole"] == "many"
    assert list(form.errors) == ["whole"]


def test_a_parameter_that_the_task_does_not_take_any_more_can_be_removed():
    kept = form_of(stored={"former": 1}, former="1")
    removed = form_of(stored={"former": 1}, former="")

    assert "Unknown parameter" in kept.errors["former"][0]
    assert removed.is_valid()
    assert removed.params == {}


def test_defaults_are_placeholders_and_descriptions_are_help():
    html = form_of().render_fields()

    assert 'placeholder="hello"' in html
    assert "Default: Yes" in html
    assert "In dollars. A number, at least 0." in html
    assert "A whole number, at least 1, less than 10." in html


def test_what_is_typed_is_escaped():
    html = form_of(text='"><script>alert(1)</script>', whole="<b>").render_fields()

    assert "<script>" not in html
    assert "<b>" not in html
