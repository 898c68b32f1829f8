"""Candles as CSV."""

from __future__ import annotations

import csv
from collections.abc import Mapping
from io import StringIO
from typing import Any

from rest_framework.renderers import BaseRenderer


class CsvRenderer(BaseRenderer):
    """The columns of an answer, one below its name each; what is not told is empty."""

    media_type = "text/csv"
    format = "csv"
    charset = "utf-8"

    def render(
        self,
        data: Any,
        accepted_media_type: str | None = None,
        renderer_context: Mapping[str, Any] | None = None,
    ) -> bytes:
        columns = {
            name: ["true" if cell is True else "false" if cell is False else cell for cell in cells]
            for name, cells in data["columns"].items()
        }
        output = StringIO()
        lines = csv.writer(output, lineterminator="\n")
        lines.writerow(columns)
        lines.writerows(zip(*columns.values(), strict=True))
        return output.getvalue().encode()
