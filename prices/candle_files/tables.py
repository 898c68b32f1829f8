"""Rows of Parquet and Feather files, batch by batch."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from prices.candle_files.fields import InvalidFile, Raw
from prices.candle_files.texts import named_columns

BATCH = 10_000  # rows in memory


def table_rows(path: Path) -> Iterator[Raw]:
    """Yield the rows of a file. Raise InvalidFile if it is damaged, or its columns are others."""
    import pyarrow as pa

    number = 0
    try:
        for batch in _batches(path):
            columns = named_columns(batch.schema.names)
            cells = {field: _values(batch.column(index)) for field, index in columns.items()}
            for row in range(batch.num_rows):
                number += 1
                values = {field: column[row] for field, column in cells.items()}
                yield Raw(f"row {number}", **values)
    except (pa.ArrowException, OSError) as exc:
        raise InvalidFile(f"after row {number}: {str(exc).splitlines()[0]}") from exc


def written_for(path: Path) -> dict[str, str]:
    """Return what `write_parquet` noted in the file: instrument and interval; else nothing."""
    if path.suffix != ".parquet":
        return {}
    import pyarrow as pa
    from pyarrow import parquet

    try:
        noted = parquet.read_schema(path).metadata or {}
    except (pa.ArrowException, OSError) as exc:
        raise InvalidFile(f"It is no Parquet file: {str(exc).splitlines()[0]}") from exc
    prefix = b"daybook."
    return {
        key.removeprefix(prefix).decode(): value.decode()
        for key, value in noted.items()
        if key.startswith(prefix)
    }


def _batches(path: Path) -> Iterator[Any]:
    import pyarrow as pa
    from pyarrow import ipc, parquet

    if path.suffix == ".parquet":
        with parquet.ParquetFile(path) as table:
            yield from table.iter_batches(batch_size=BATCH)
        return
    with pa.memory_map(str(path)) as source, ipc.open_file(source) as feather:
        for number in range(feather.num_record_batches):
            whole = feather.get_batch(number)
            for start in range(0, whole.num_rows, BATCH):
                yield whole.slice(start, BATCH)


def _values(column: Any) -> list[Any]:
    """Return Python's values: instants in microseconds, floats as their shortest text."""
    import pyarrow as pa
    from pyarrow import compute, types

    kind = column.type
    if types.is_timestamp(kind):
        column = compute.cast(column, pa.timestamp("us", kind.tz))
    elif types.is_floating(kind):
        column = compute.cast(column, pa.string())
    values: list[Any] = column.to_pylist()
    return values
