"""Input that says what it does not know."""

from __future__ import annotations

from collections.abc import Mapping
from difflib import get_close_matches
from typing import Any

from django.http import QueryDict
from rest_framework import serializers


class Closed(serializers.Serializer[Any]):
    """Refuses fields that it does not have, so that no misspelt policy is lost in silence."""

    def to_internal_value(self, data: Any) -> Any:
        errors = self._strange(data) if isinstance(data, Mapping) else {}
        try:
            values = super().to_internal_value(data)
        except serializers.ValidationError as exc:
            raise serializers.ValidationError({**exc.detail, **errors}) from exc  # type: ignore[dict-item]
        if errors:
            raise serializers.ValidationError(errors)
        return values

    def _strange(self, data: Mapping[str, Any]) -> dict[str, list[str]]:
        errors = {name: [self._hint(name)] for name in data if name not in self.fields}
        if isinstance(data, QueryDict):
            wrong = [name for name, values in data.lists() if len(values) > 1 or values == [""]]
            errors |= {name: ["Give it one value, or leave it out."] for name in wrong}
        return errors

    def _hint(self, name: str) -> str:
        writable = [name for name, field in self.fields.items() if not field.read_only]
        close = get_close_matches(name, writable, n=1)
        if close:
            return f"Unknown field. Did you mean {close[0]!r}?"
        return f"Unknown field. Use: {', '.join(writable)}."
