"""Text and values from tasks, in a form that both databases store."""

from __future__ import annotations

import json
from typing import Any

from django.core.serializers.json import DjangoJSONEncoder

MESSAGE_LIMIT = 20_000  # characters of a log line, an error or a traceback


def storable(text: str) -> str:
    """Return `text` without what PostgreSQL refuses, and no longer than MESSAGE_LIMIT."""
    text = text.replace("\x00", "\\x00").encode("utf-8", "backslashreplace").decode()
    if len(text) <= MESSAGE_LIMIT:
        return text
    return f"{text[:MESSAGE_LIMIT]}… ({len(text)} characters)"


def as_json(value: Any) -> Any:
    """Return `value` as JSON values: Decimals and instants as text.

    Raise TypeError or ValueError if JSON cannot hold it (NaN, circles, other objects).
    """
    text = json.dumps(value, cls=DjangoJSONEncoder, allow_nan=False)
    return json.loads(text.replace("\\u0000", "\\\\x00"))
