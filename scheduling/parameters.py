"""A task's signature, read as the schema of its parameters."""

from __future__ import annotations

import inspect
import json
import typing
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from pydantic import BaseModel, ConfigDict, ValidationError, create_model
from pydantic.errors import PydanticSchemaGenerationError, PydanticUserError
from pydantic_core import ErrorDetails

from scheduling.context import RunContext
from scheduling.exceptions import InvalidParams
from scheduling.json_values import flaw_in


class Parameters:
    """The parameters of one task: schema for forms and API, validation, Python values."""

    def __init__(self, model: type[BaseModel], *, context_name: str | None = None) -> None:
        self._model = model
        self.context_name = context_name

    @classmethod
    def of(cls, function: Callable[..., Any]) -> Parameters:
        """Read the signature of `function`.

        Raise TypeError if a parameter has no annotation, takes variable arguments or has a
        type without a JSON form.
        """
        hints = typing.get_type_hints(function, include_extras=True)
        fields: dict[str, Any] = {}
        context_name = None
        for parameter in inspect.signature(function).parameters.values():
            hint = _hint_of(parameter, hints, function)
            if hint is RunContext:
                context_name = parameter.name
                continue
            default = ... if parameter.default is parameter.empty else parameter.default
            fields[parameter.name] = (hint, default)
        return cls(_model_of(function, fields), context_name=context_name)

    @property
    def schema(self) -> dict[str, Any]:
        """JSON Schema of the parameters, for the admin form and the API."""
        return self._model.model_json_schema()

    @property
    def names(self) -> list[str]:
        return list(self._model.model_fields)

    def validate(self, params: Mapping[str, Any]) -> dict[str, Any]:
        """Return `params` as JSON values, without those left to their defaults.

        Raise InvalidParams if one is missing, unknown, of the wrong type, or cannot be stored.
        """
        if isinstance(params, Mapping):
            _refuse_flaws(params)
        return self._read(params).model_dump(mode="json", exclude_unset=True)

    def refuse_other_types(self, params: Mapping[str, Any]) -> None:
        """Take JSON values as they are: "5" is no whole number, 1 and "yes" are no flags.

        Forms and the command line send text, and are read by `validate` alone. Raise InvalidParams.
        """
        _refuse_flaws(params)
        try:
            self._model.model_validate_json(json.dumps(dict(params)), strict=True)
        except ValidationError as exc:
            wrong = [item for item in exc.errors(include_url=False) if item["type"] != "missing"]
            if wrong:
                raise InvalidParams(self._messages(wrong)) from exc

    def bind(self, params: Mapping[str, Any]) -> dict[str, Any]:
        """Return keyword arguments in the types of the signature, defaults filled in."""
        values = self._read(params)
        return {name: getattr(values, name) for name in self._model.model_fields}

    def _read(self, params: Mapping[str, Any]) -> BaseModel:
        if not isinstance(params, Mapping):
            raise InvalidParams({"params": ["Expected an object of parameter names and values."]})
        try:
            return self._model.model_validate(dict(params))
        except ValidationError as exc:
            raise InvalidParams(self._messages(exc.errors(include_url=False))) from exc

    def _messages(self, items: Iterable[ErrorDetails]) -> dict[str, list[str]]:
        messages: dict[str, list[str]] = {}
        for item in items:
            name, *inner = (str(part) for part in item["loc"])
            text = self._message(item["type"], item["msg"])
            place = f"{'.'.join(inner)}: " if inner else ""
            messages.setdefault(name, []).append(place + text)
        return messages

    def _message(self, kind: str, text: str) -> str:
        if kind == "missing":
            return "This parameter is required."
        if kind == "extra_forbidden":
            known = ", ".join(self.names) or "no parameters"
            return f"Unknown parameter. The task takes: {known}."
        return f"{text}."


def _refuse_flaws(params: Mapping[str, Any]) -> None:
    flaws = {name: flaw_in(value) for name, value in params.items()}
    if any(flaws.values()):
        raise InvalidParams({name: [flaw] for name, flaw in flaws.items() if flaw})


def _hint_of(
    parameter: inspect.Parameter, hints: Mapping[str, Any], function: Callable[..., Any]
) -> Any:
    where = f"Parameter {parameter.name!r} of {function.__qualname__}"
    if parameter.kind in (parameter.VAR_POSITIONAL, parameter.VAR_KEYWORD):
        raise TypeError(f"{where} takes variable arguments. Name each parameter.")
    if parameter.name not in hints:
        raise TypeError(f"{where} has no type annotation. Annotate it.")
    return hints[parameter.name]


def _model_of(function: Callable[..., Any], fields: dict[str, Any]) -> type[BaseModel]:
    config = ConfigDict(extra="forbid", protected_namespaces=(), validate_default=True)
    title = function.__name__.replace("_", " ").capitalize()
    try:
        model = create_model(title, __config__=config, **fields)
        model.model_json_schema()
    except (PydanticSchemaGenerationError, PydanticUserError) as exc:
        raise TypeError(
            f"{function.__qualname__} has a parameter without a JSON form: {exc}"
        ) from exc
    return model
