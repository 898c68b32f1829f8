from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from logging import Logger
from typing import Annotated, Any

import pytest
from pydantic import Field

from scheduling.context import RunContext
from scheduling.exceptions import InvalidParams
from scheduling.parameters import Parameters


def collect(
    ctx: RunContext,
    exchange: str,
    min_usd: Annotated[Decimal, Field(ge=0)] = Decimal("1.0"),
    days: int = 7,
    since: datetime | None = None,
    is_full: bool = False,
) -> None: ...


def test_schema_lists_the_parameters_but_not_the_context() -> None:
    schema = Parameters.of(collect).schema

    assert list(schema["properties"]) == ["exchange", "min_usd", "days", "since", "is_full"]
    assert schema["required"] == ["exchange"]


def test_context_is_found_by_its_type() -> None:
    assert Parameters.of(collect).context_name == "ctx"


def test_bind_gives_the_types_of_the_signature_and_fills_in_defaults() -> None:
    arguments = Parameters.of(collect).bind({"exchange": "upbit", "min_usd": "2.50"})

    assert arguments == {
        "exchange": "upbit", "min_usd": Decimal("2.50"), "days": 7, "since": None,
        "is_full": False,
    }  # fmt: skip


def test_validate_keeps_only_what_was_given_as_json() -> None:
    params = Parameters.of(collect).validate({"exchange": "kis", "min_usd": Decimal("0.10")})

    assert params == {"exchange": "kis", "min_usd": "0.10"}


@pytest.mark.parametrize(
    ("params", "field", "message"),
    [
        pytest.param({}, "exchange", "This parameter is required.", id="missing"),
        pytest.param(
            {"exchange": "x", "min_usd": "a lot"}, "min_usd", "valid decimal", id="wrong-type"
        ),
        pytest.param(
            {"exchange": "x", "min_usd": "-1"}, "min_usd", "greater than or equal", id="bounds"
        ),
        pytest.param(
            {"exchange": "x", "venue": "y"}, "venue", "The task takes: exchange", id="unknown"
        ),
    ],
)
def test_what_does_not_fit_is_refused_by_name(
    params: dict[str, Any], field: str, message: str
) -> None:
    with pytest.raises(InvalidParams) as caught:
        Parameters.of(collect).validate(params)

    assert message in " ".join(caught.value.errors[field])


def test_anything_but_an_object_is_refused() -> None:
    with pytest.raises(InvalidParams, match="Expected an object"):
        Parameters.of(collect).validate(["upbit"])  # type: ignore[arg-type]


def unannotated(exchange) -> None: ...


def variable(*symbols: str) -> None: ...


def unjsonable(log: Logger) -> None: ...


@pytest.mark.parametrize(
    ("function", "message"),
    [(unannotated, "no type annotation"), (variable, "variable arguments"),
     (unjsonable, "without a JSON form")],
)  # fmt: skip
def test_a_signature_that_is_no_schema_is_refused(function: Any, message: str) -> None:
    with pytest.raises(TypeError, match=message):
        Parameters.of(function)


@pytest.mark.parametrize(
    "params",
    [
        pytest.param({"exchange": "x", "days": "7"}, id="text-is-no-number"),
        pytest.param({"exchange": "x", "is_full": 1}, id="one-is-no-flag"),
        pytest.param({"exchange": "x", "is_full": "yes"}, id="yes-is-no-flag"),
    ],
)
def test_json_values_are_taken_as_they_are(params: dict[str, Any]) -> None:
    with pytest.raises(InvalidParams):
        Parameters.of(collect).refuse_other_types(params)


@pytest.mark.parametrize(
    "params",
    [
        pytest.param({"exchange": "x", "min_usd": "0.10"}, id="exact-decimals-come-as-text"),
        pytest.param({"exchange": "x", "since": "2026-03-02T12:00:00Z"}, id="instants-too"),
        pytest.param({"days": 7}, id="what-is-missing-is-not-asked-for"),
    ],
)
def test_json_values_of_the_right_type_pass(params: dict[str, Any]) -> None:
    Parameters.of(collect).refuse_other_types(params)
