"""Input that says what it does not know."""

from __future__ import annotations

from collections.abc import Mapping
from difflib import get_close_matches
from typing import Any

from rest_framework import serializers


class Closed(serializers.Serializer[Any]):
    """Refuses fields that it does not have, so that no misspelt policy is lost in silence."""

    def to_internal_value(self, data: Any) -> Any:
        if isinstance(data, Mapping):
            unknown = [name for name in data if name not in self.fields]
            if unknown:
                raise serializers.ValidationError({name: [self._hint(name)] for name in unknown})
        return super().to_internal_value(data)

    def _hint(self, name: str) -> str:
        writable = [name for name, field in self.fields.items() if not field.read_only]
        close = get_close_matches(name, writable, n=1)
        if close:
            return f"Unknown field. Did you mean {close[0]!r}?"
        return f"Unknown field. Use: {', '.join(writable)}."
