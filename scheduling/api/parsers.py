"""Reading bodies."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import IO, Any

from rest_framework.exceptions import ParseError
from rest_framework.parsers import JSONParser


class BodyParser(JSONParser):
    """JSON, but none that exhausts the parser or that no answer could repeat."""

    def parse(
        self,
        stream: IO[Any],
        media_type: str | None = None,
        parser_context: Mapping[str, Any] | None = None,
    ) -> Any:
        try:
            data = super().parse(stream, media_type, parser_context)
            json.dumps(data, ensure_ascii=False).encode()
        except RecursionError as exc:
            raise ParseError("The body is nested too deeply.") from exc
        except UnicodeEncodeError as exc:
            raise ParseError("The body holds half of a surrogate pair.") from exc
        return data
