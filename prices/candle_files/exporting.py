"""Candles of a series into a file, with each digit; the file is there as a whole or not at all."""

from __future__ import annotations

import csv
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path
from typing import IO, Any

from prices.candle_files.fields import InvalidFile
from prices.models import Candle
from prices.models.decimals import DECIMAL_PLACES, MAX_DIGITS
from prices.store import Series
from prices.store.series import COLUMNS

BATCH = 10_000  # rows in memory


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """The candles of a series that opened in [since, until)."""

    series: Series
    since: datetime
    until: datetime

    def rows(self) -> Iterator[tuple[Any, ...]]:
        """Yield the values of COLUMNS, oldest first."""
        found = Candle.objects.filter(
            instrument=self.series.instrument,
            interval=self.series.interval,
            opened_at__gte=self.since,
            opened_at__lt=self.until,
        )
        yield from found.order_by("opened_at").values_list(*COLUMNS).iterator(chunk_size=BATCH)


def export_candles(wanted: Wanted, path: Path) -> int:
    """Write the candles, as the end of the name says; return how many. Raise InvalidFile."""
    writers = {".csv": _write_csv, ".parquet": _write_parquet}
    if path.suffix not in writers:
        raise InvalidFile(f"{path.name}: give it a name that ends in .csv or .parquet.")
    with _whole(path) as beside:
        return writers[path.suffix](wanted, beside)


def write_csv(wanted: Wanted, output: IO[str]) -> int:
    """Write lines: instants as ISO 8601 in UTC, numbers without exponents or trailing zeros."""
    writer = csv.writer(output, lineterminator="\n")
    writer.writerow(COLUMNS)
    count = 0
    for at, *numbers, is_final in wanted.rows():
        opened_at = at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        writer.writerow([opened_at, *map(_plain, numbers), int(is_final)])
        count += 1
    return count


def _write_csv(wanted: Wanted, path: Path) -> int:
    with path.open("w", encoding="utf-8", newline="") as output:
        return write_csv(wanted, output)


def _write_parquet(wanted: Wanted, path: Path) -> int:
    import pyarrow as pa
    from pyarrow import parquet

    number = pa.decimal128(MAX_DIGITS, DECIMAL_PLACES)
    kinds = {"opened_at": pa.timestamp("us", tz="UTC"), "is_final": pa.bool_()}
    series = wanted.series
    schema = pa.schema(
        [(name, kinds.get(name, number)) for name in COLUMNS],
        metadata={
            "daybook.instrument": f"{series.instrument.venue}:{series.instrument.venue_id}",
            "daybook.interval": series.interval,
        },
    )
    count, rows = 0, wanted.rows()
    with parquet.ParquetWriter(path, schema, compression="zstd") as writer:
        while batch := list(islice(rows, BATCH)):
            columns = [
                pa.array(values, type=field.type)
                for values, field in zip(zip(*batch, strict=True), schema, strict=True)
            ]
            writer.write_batch(pa.record_batch(columns, schema=schema))
            count += len(batch)
    return count


def _plain(number: Any) -> str:
    if number is None:
        return ""
    text = f"{number:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


@contextmanager
def _whole(path: Path) -> Iterator[Path]:
    """Give a path beside, and move it to `path` at the end; if it fails leave nothing."""
    beside = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        yield beside
        beside.replace(path)
    except OSError as exc:
        raise InvalidFile(f"{path} cannot be written: {exc.strerror}.") from exc
    finally:
        beside.unlink(missing_ok=True)
