"""Tables of portfolios as CSV."""

from __future__ import annotations

import csv
from collections.abc import Mapping
from io import StringIO
from typing import Any

from rest_framework.renderers import BaseRenderer

from snapshots.cells import cell_of


class TableRenderer(BaseRenderer):
    """The `columns` of an answer, one below its name each; what is not known is empty."""

    media_type = "text/csv"
    format = "csv"
    charset = "utf-8"

    def render(
        self,
        data: Any,
        accepted_media_type: str | None = None,
        renderer_context: Mapping[str, Any] | None = None,
    ) -> bytes:
        columns = data["columns"]
        output = StringIO()
        lines = csv.writer(output, lineterminator="\n")
        lines.writerow(columns)
        for cells in zip(*columns.values(), strict=True):
            lines.writerow([cell_of(cell) for cell in cells])
        return output.getvalue().encode()
