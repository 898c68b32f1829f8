"""Text and values from tasks, in a form that both databases store."""

from __future__ import annotations

import json
from typing import Any

from django.core.serializers.json import DjangoJSONEncoder

MESSAGE_LIMIT = 20_000  # characters of a log line, an error or a traceback
RESULT_LIMIT = 5_000_000  # characters of a result as JSON; more belongs into an artifact


def storable(text: str) -> str:
    """Return `text` without what PostgreSQL refuses, and no longer than MESSAGE_LIMIT."""
    text = _escaped(text)
    if len(text) <= MESSAGE_LIMIT:
        return text
    return f"{text[:MESSAGE_LIMIT]}… ({len(text)} characters)"


def as_json(value: Any) -> Any:
    """Return `value` as JSON values: Decimals and instants as text.

    Raise TypeError or ValueError if JSON cannot hold it (NaN, circles, other objects), or if it
    is too large.
    """
    text = json.dumps(value, cls=DjangoJSONEncoder, allow_nan=False)
    if len(text) > RESULT_LIMIT:
        raise ValueError(f"{len(text)} characters are too many, keep it as an artifact")
    return _storable_values(json.loads(text))


def text_of(exc: BaseException) -> str:
    """Return what `exc` says, also if it cannot say it."""
    try:
        return str(exc)
    except Exception as failure:  # a task's own exception class may do anything
        return f"(its text cannot be read: {type(failure).__name__})"


def _storable_values(value: Any) -> Any:
    if isinstance(value, str):
        return _escaped(value)
    if isinstance(value, list):
        return [_storable_values(item) for item in value]
    if isinstance(value, dict):
        return {_escaped(key): _storable_values(item) for key, item in value.items()}
    return value


def _escaped(text: str) -> str:
    """Return `text` with NUL and halves of surrogate pairs spelled out."""
    return text.replace("\x00", "\\x00").encode("utf-8", "backslashreplace").decode()
