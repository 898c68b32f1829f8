"""Candles of a file into the store: all rows are looked at before the first is written."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import islice
from pathlib import Path
from zoneinfo import ZoneInfo

from django.db import transaction

from prices.candle_files.fields import InvalidFile, Raw, ZoneMissing, read_candle
from prices.candle_files.tables import table_rows
from prices.candle_files.texts import csv_rows, json_rows
from prices.store import Series, Written, write_candles
from prices.store.coverage import cover
from prices.venues.base import EPOCH, LENGTHS, VenueCandle

READERS: Mapping[str, Callable[[Path], Iterator[Raw]]] = {
    ".csv": csv_rows,
    ".csv.gz": csv_rows,
    ".json": json_rows,
    ".json.gz": json_rows,
    ".parquet": table_rows,
    ".feather": table_rows,
}
BATCH = 10_000  # candles in memory, and in one transaction
MOST_NAMED = 10  # rows that are wrong, in a message
MOST_HOLES = 1000  # a file with more of them covers nothing: each would be a row
FEW = 10  # rows, from which on their distance says what the interval is
SUMMER_TIME = timedelta(hours=1)  # so much shorter a day may be


@dataclass(frozen=True, slots=True, kw_only=True)
class CandleFile:
    """A file, and how it is to be understood.

    zone         of times that name none
    as_of        what was not over then is not final, and what was fetched later stays as it is
    is_complete  where the file has no candle between its first and its last, nothing was traded
    skips_bad    rows that are wrong are left out; else nothing is written
    """

    path: Path
    interval: str
    as_of: datetime
    now: datetime
    zone: ZoneInfo | None = None
    is_complete: bool = False
    skips_bad: bool = False

    @property
    def length(self) -> timedelta:
        return LENGTHS[self.interval]


@dataclass(slots=True)
class Progress:
    """What is written so far; it is right also when the import was interrupted."""

    written: Written = field(default_factory=Written)
    bad: int = 0
    covers: bool = False


def reader_of(path: Path) -> Callable[[Path], Iterator[Raw]]:
    """Return how to read the file, by the end of its name. Raise InvalidFile."""
    ending = "".join(path.suffixes[-2:]) if path.suffix == ".gz" else path.suffix
    if ending not in READERS:
        raise InvalidFile(f"{path.name}: none of {', '.join(READERS)}.")
    return READERS[ending]


class Walk:
    """Goes through the rows of a file, in their order.

    .good, .bad     how many rows are right, and how many are not
    .is_descending  the newest row comes first
    .shortest       time from one row to the next
    .holes          how often one or more candles are missing between two rows
    """

    def __init__(self, file: CandleFile) -> None:
        self.good = self.bad = self.holes = 0
        self.is_descending = False
        self.shortest = timedelta.max
        self._file = file
        self._previous: datetime | None = None

    def rows(self) -> Iterator[tuple[str, VenueCandle | str]]:
        """Yield each row's place and its candle, or what is wrong with it."""
        file = self._file
        for raw in reader_of(file.path)(file.path):
            try:
                candle = read_candle(raw, zone=file.zone, as_of=file.as_of, length=file.length)
                self._take(candle.opened_at)
            except ZoneMissing:  # so are all the others
                raise
            except InvalidFile as exc:
                self.bad += 1
                yield raw.place, str(exc)
            else:
                self.good += 1
                yield raw.place, candle

    def _take(self, at: datetime) -> None:
        """Go on to the row of `at`. Raise InvalidFile if that is no place for it."""
        file = self._file
        if at > file.now:
            raise InvalidFile(f"{at:%Y-%m-%d %H:%M}Z is in the future.")
        if file.length <= SUMMER_TIME and (at - EPOCH) % file.length:
            raise InvalidFile(f"{at:%Y-%m-%d %H:%M:%S}Z is not the beginning of {file.interval}.")
        if self._previous is not None:
            if self.good == 1:
                self.is_descending = at < self._previous
            self._step(self._previous, at)
        self._previous = at

    def _step(self, previous: datetime, at: datetime) -> None:
        step = previous - at if self.is_descending else at - previous
        if step <= timedelta(0):
            order = "newest" if self.is_descending else "oldest"
            raise InvalidFile(f"{at:%Y-%m-%d %H:%M}Z is out of order, or twice: {order} first.")
        length = self._file.length
        if step < length - (SUMMER_TIME if self._file.interval == "1d" else timedelta(0)):
            raise InvalidFile(f"It begins {step} from the row above: not {self._file.interval}.")
        self.shortest = min(self.shortest, step)
        self.holes += step > length


def look_through(file: CandleFile) -> Walk:
    """Read the whole file. Raise InvalidFile if it cannot be meant, or a row is wrong."""
    walk, named = Walk(file), []
    for place, found in walk.rows():
        if isinstance(found, str) and walk.bad <= MOST_NAMED:
            named.append(f"{place}: {found}")
    if walk.bad and not file.skips_bad:
        more = [f"… and {walk.bad - MOST_NAMED} more."] if walk.bad > MOST_NAMED else []
        raise InvalidFile(
            "\n".join(
                [
                    f"{walk.bad} of {walk.bad + walk.good} rows are wrong, nothing is written.",
                    *named,
                    *more,
                    "Mend them, or leave them out with --skip-bad.",
                ]
            )
        )
    if walk.good >= FEW and walk.shortest >= 2 * file.length:
        raise InvalidFile(
            f"Its rows are {walk.shortest} apart or more: these are no candles of "
            f"{file.interval}. Say which they are: --interval."
        )
    return walk


def import_candles(file: CandleFile, series: Series, looked: Walk, progress: Progress) -> None:
    """Write what `look_through` found good, batch by batch; count it in `progress`."""
    progress.bad = looked.bad
    progress.covers = file.is_complete or looked.holes <= MOST_HOLES
    stretches = _Stretches(file)
    good = (found for _, found in Walk(file).rows() if isinstance(found, VenueCandle))
    while batch := list(islice(good, BATCH)):
        if looked.is_descending:
            batch.reverse()
        progress.written += write_candles(series, batch, fetched_at=file.as_of)
        stretches.add(batch)
    if progress.covers:
        with transaction.atomic():
            for starts_at, ends_at in stretches.found:
                cover(series, starts_at, ends_at)


class _Stretches:
    """Where one final candle follows the other, and none can be missing."""

    def __init__(self, file: CandleFile) -> None:
        self._file = file
        self.found: list[tuple[datetime, datetime]] = []

    def add(self, batch: Iterable[VenueCandle]) -> None:
        """Take a batch in the order of time, which comes after the others or before them."""
        length = self._file.length
        for candle in batch:
            if not candle.is_final:
                continue
            begin, end = candle.opened_at, candle.opened_at + length
            if self.found and (self.found[-1][1] == begin or self._file.is_complete):
                first, last = self.found[-1]
                self.found[-1] = (min(first, begin), max(last, end))
            elif len(self.found) <= MOST_HOLES:
                self.found.append((begin, end))
