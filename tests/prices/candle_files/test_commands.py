from __future__ import annotations

import gzip
import json
import os
from datetime import datetime, timedelta
from decimal import Decimal
from io import StringIO
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from django.core.management import CommandError, call_command
from pyarrow import feather, parquet

from prices.candle_files import importing
from prices.models import Candle, Coverage, Instrument
from prices.store import Series, write_candles
from prices.store.series import COLUMNS
from prices.venues.base import VenueCandle
from tests.prices.factories import NOON, hourly_candle, make_instrument

pytestmark = pytest.mark.django_db(transaction=True)
HOUR = timedelta(hours=1)
PRICES = ["9.5", "11", "8", "10", "12.000000000000000001"]


@pytest.fixture
def instrument() -> Instrument:
    return make_instrument(
        venue="binance", venue_id="BTCUSDT", symbol="BTC/USDT", quote_currency="USDT"
    )


def ms(turn: int) -> int:
    return int((NOON + turn * HOUR).timestamp() * 1000)


def rows_of(count: int) -> list[list[Any]]:
    return [[ms(turn), 9.5, 11.0, 8.0, 10.0, 12.25] for turn in range(count)]


def csv_of(*lines: str, header: str = "date,open,high,low,close,volume") -> str:
    return "\n".join([header, *lines]) if header else "\n".join(lines)


def lines_of(count: int) -> list[str]:
    return [",".join([str(ms(turn)), *PRICES]) for turn in range(count)]


def run_import(path: Path, *options: str) -> str:
    said = StringIO()
    call_command("import_candles", str(path), *options, stdout=said)
    return said.getvalue()


def refused(path: Path, *options: str) -> str:
    said = StringIO()
    with pytest.raises(CommandError, match=r"0 new, 0 changed, 0 unchanged.* 1 failed"):
        call_command("import_candles", str(path), *options, stderr=said)
    assert not Candle.objects.exists()
    return said.getvalue()


def stored() -> list[Any]:
    return list(Candle.objects.order_by("opened_at").values_list(*COLUMNS))


def test_a_file_that_is_not_there_is_said_not_to_be(tmp_path: Path) -> None:
    assert "No such file or directory" in refused(tmp_path / "candles.csv")


class TestFreqtrade:
    """Files whose names say the pair and the interval, in a folder that says the exchange."""

    def write(self, folder: Path, ending: str) -> Path:
        path = folder / "binance" / f"BTC_USDT-1h.{ending}"
        path.parent.mkdir(exist_ok=True)
        rows = rows_of(5)
        if ending == "json":
            path.write_text(json.dumps(rows))
        elif ending == "json.gz":
            path.write_bytes(gzip.compress(json.dumps(rows).encode()))
        else:
            names = ["date", "open", "high", "low", "close", "volume"]
            columns: list[Any] = [list(column) for column in zip(*rows, strict=True)]
            columns[0] = pa.array(columns[0], pa.timestamp("ms", tz="UTC"))
            table = pa.table(dict(zip(names, columns, strict=True)))
            write = feather.write_feather if ending == "feather" else parquet.write_table
            write(table, path)
        return path

    @pytest.mark.parametrize("ending", ["json", "json.gz", "parquet", "feather"])
    def test_each_of_its_formats_is_read(
        self, instrument: Instrument, tmp_path: Path, ending: str
    ) -> None:
        said = run_import(self.write(tmp_path, ending))

        assert "5 new, 0 changed, 0 unchanged, 0 wrong rows left out; 1 file(s), 0 failed" in said
        candle = Candle.objects.earliest("opened_at")
        assert (candle.interval, candle.opened_at, candle.is_final) == ("1h", NOON, True)
        assert (candle.instrument, candle.open) == (instrument, Decimal("9.5"))
        assert candle.volume == Decimal("12.25")

    def test_imported_again_nothing_changes(self, instrument: Instrument, tmp_path: Path) -> None:
        path = self.write(tmp_path, "json")
        run_import(path)

        assert "0 new, 0 changed, 5 unchanged" in run_import(path)

    def test_a_pair_that_nobody_lists_is_named(self, tmp_path: Path) -> None:
        assert "--instrument venue:id" in refused(self.write(tmp_path, "json"))

    def test_a_json_file_that_breaks_off_is_refused(
        self, instrument: Instrument, tmp_path: Path
    ) -> None:
        path = self.write(tmp_path, "json")
        path.write_text(path.read_text()[:-20])

        assert "row 5: the file breaks off" in refused(path)

    def test_a_damaged_table_is_refused(self, instrument: Instrument, tmp_path: Path) -> None:
        path = self.write(tmp_path, "parquet")
        path.write_bytes(path.read_bytes()[:100])

        assert "It is no Parquet file" in refused(path)


class TestCsv:
    OPTIONS = ("--instrument", "binance:BTCUSDT", "--interval", "1h")

    def write(self, folder: Path, text: str) -> Path:
        path = folder / "candles.csv"
        path.write_text(text)
        return path

    @pytest.mark.parametrize(
        "text",
        [
            csv_of(*lines_of(2)),
            csv_of(*lines_of(2), header=""),
            csv_of(*reversed(lines_of(2))),
            csv_of(*lines_of(2), header="Unix,Open,High,Low,Close,Volume").replace(",", ";"),
            csv_of(*(f"{line},{ms(1)},120,308,0,0,0" for line in lines_of(2)), header=""),
            csv_of(*(f"x,{line}" for line in lines_of(2)), header="date,timestamp,o,h,l,c,Vol"),
        ],
        ids=["header", "none", "newest-first", "semicolons", "binance", "two-times"],
    )
    def test_its_columns_are_found(self, instrument: Instrument, tmp_path: Path, text: str) -> None:
        run_import(self.write(tmp_path, text), *self.OPTIONS)

        first, second = stored()
        assert [first[0], second[0]] == [NOON, NOON + HOUR]
        assert first[1:6] == tuple(map(Decimal, PRICES))

    def test_wrong_rows_are_named_by_line_and_nothing_is_written(
        self, instrument: Instrument, tmp_path: Path
    ) -> None:
        lines = lines_of(4)
        lines[1] = lines[1].replace(",11,", ",x,")
        lines[3] = lines[0]

        said = refused(self.write(tmp_path, csv_of(*lines)), *self.OPTIONS)

        assert "2 of 4 rows are wrong, nothing is written" in said
        assert "line 3: high is 'x'" in said
        assert "line 5: 2026-03-02 12:00Z is out of order" in said

    def test_the_others_are_written_if_one_says_so(
        self, instrument: Instrument, tmp_path: Path
    ) -> None:
        lines = lines_of(4)
        lines[1] = "nonsense"

        said = run_import(self.write(tmp_path, csv_of(*lines)), *self.OPTIONS, "--skip-bad")

        assert "3 new, 0 changed, 0 unchanged, 1 wrong rows left out" in said
        assert len(stored()) == 3

    @pytest.mark.parametrize(
        ("text", "options", "expected"),
        [
            (csv_of(*lines_of(1)), ["--interval", "1h"], "--instrument venue:id"),
            (csv_of(*lines_of(1)), ["--instrument", "BTC/USDT"], "--interval"),
            (csv_of("1,2", header="date,open"), [*OPTIONS], "no column high and none low"),
            (csv_of(*lines_of(20)), [*OPTIONS[:3], "1m"], "1:00:00 apart"),
            (csv_of(*lines_of(2)), [*OPTIONS[:3], "1d"], "not 1d"),
            (csv_of("2026-03-02 12:00,9,9,9,9,9"), [*OPTIONS], "--timezone UTC"),
            (csv_of("2099-03-02T12:00Z,9,9,9,9,9"), [*OPTIONS], "in the future"),
            (csv_of("2026-03-02T12:07Z,9,9,9,9,9"), [*OPTIONS], "not the beginning of 1h"),
            (csv_of(*lines_of(1)), ["--instrument", "X", "--interval", "1h"], "no instrument 'X'"),
            (csv_of(*lines_of(1)), [*OPTIONS, "--timezone", "Nowhere"], "Nowhere"),
        ],
        ids=lambda value: str(value)[-30:],
    )
    def test_what_is_not_clear_is_asked_for(
        self,
        instrument: Instrument,
        tmp_path: Path,
        text: str,
        options: list[str],
        expected: str,
    ) -> None:
        assert expected in refused(self.write(tmp_path, text), *options)

    def test_an_instrument_that_nobody_lists_can_be_added(self, tmp_path: Path) -> None:
        path = self.write(tmp_path, csv_of(*lines_of(1)))
        named = ("--instrument", "mtgox:BTCUSD", "--symbol", "BTC/USD", "--interval", "1h")

        run_import(path, *named)

        assert Instrument.objects.get().symbol == "BTC/USD"
        assert Candle.objects.count() == 1

    def test_what_a_venue_said_later_stays(self, instrument: Instrument, tmp_path: Path) -> None:
        path = self.write(tmp_path, csv_of(*lines_of(2)))
        os.utime(path, (NOON.timestamp() + 86_400,) * 2)
        later = [hourly_candle(0)]
        write_candles(Series(instrument, "1h"), later, fetched_at=NOON + timedelta(days=2))

        said = run_import(path, *self.OPTIONS)

        assert "1 new, 0 changed, 1 unchanged" in said
        assert stored()[0][1] == Decimal("9")

    def test_only_what_is_without_a_hole_is_covered(
        self, instrument: Instrument, tmp_path: Path
    ) -> None:
        lines = lines_of(6)
        del lines[3]
        path = self.write(tmp_path, csv_of(*lines))

        run_import(path, *self.OPTIONS)
        apart = list(Coverage.objects.values_list("starts_at", "ends_at"))
        run_import(path, *self.OPTIONS, "--complete")
        whole = list(Coverage.objects.values_list("starts_at", "ends_at"))

        assert apart == [(NOON, NOON + 3 * HOUR), (NOON + 4 * HOUR, NOON + 6 * HOUR)]
        assert whole == [(NOON, NOON + 6 * HOUR)]

    def test_a_file_of_holes_covers_nothing(
        self, instrument: Instrument, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(importing, "MOST_HOLES", 1)
        path = self.write(tmp_path, csv_of(*lines_of(6)[::2], lines_of(6)[5]))

        said = run_import(path, *self.OPTIONS)

        assert "2 holes" in said
        assert not Coverage.objects.exists()

    def test_a_batch_that_fails_is_said_with_what_is_written(
        self, instrument: Instrument, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(importing, "BATCH", 2)
        path = self.write(tmp_path, csv_of(*lines_of(6)))
        monkeypatch.setattr(importing, "write_candles", interrupted_at(NOON + 2 * HOUR))
        said = StringIO()

        with pytest.raises(CommandError, match="2 new, 0 changed, 0 unchanged"):
            call_command("import_candles", str(path), *self.OPTIONS, stderr=said)

        assert "2 new, 0 changed, 0 unchanged before that: they stay" in said.getvalue()
        assert len(stored()) == 2


def interrupted_at(instant: datetime) -> Any:
    """Return a write_candles during which somebody presses Ctrl-C."""

    def write(series: Series, candles: list[VenueCandle], *, fetched_at: datetime) -> Any:
        if candles[0].opened_at >= instant:
            raise KeyboardInterrupt
        return write_candles(series, candles, fetched_at=fetched_at)

    return write


@pytest.mark.parametrize("ending", ["csv", "parquet"])
def test_what_is_exported_comes_back_as_it_was(
    instrument: Instrument, tmp_path: Path, ending: str
) -> None:
    candles = [
        hourly_candle(0, volume="12345678901234567890.123456789012345678"),
        hourly_candle(1, low="0.000000000000000001", quote_volume="1E+3"),
        hourly_candle(3, is_final=False),
    ]
    write_candles(Series(instrument, "1h"), candles, fetched_at=NOON + HOUR)
    before, path = stored(), tmp_path / f"out.{ending}"
    options = ("--instrument", "BTC/USDT", "--interval", "1h")
    said = StringIO()

    call_command("export_candles", str(path), *options, stdout=said)
    Candle.objects.all().delete()
    run_import(path, *(options if ending == "csv" else ()))

    assert "3 candles of 1h of BTC/USDT at binance are in" in said.getvalue()
    assert stored() == before
    assert [entry.name for entry in tmp_path.iterdir()] == [path.name]


def test_a_stretch_is_exported_to_standard_output(instrument: Instrument) -> None:
    candles = [hourly_candle(turn) for turn in range(5)]
    write_candles(Series(instrument, "1h"), candles, fetched_at=NOON)
    said = StringIO()
    stretch = ("--from", "2026-03-02T13:00", "--to", "2026-03-02T14:00Z")

    call_command(
        "export_candles", "-", "--instrument", "BTCUSDT", "--interval", "1h", *stretch, stdout=said
    )

    assert said.getvalue().splitlines() == [
        "opened_at,open,high,low,close,volume,quote_volume,is_final",
        "2026-03-02T13:00:00Z,9,11,8,10,12,,1",
    ]


@pytest.mark.parametrize(
    ("file", "name", "expected"),
    [
        ("out.xlsx", "BTCUSDT", "ends in .csv or .parquet"),
        ("none/out.csv", "BTCUSDT", "cannot be written: No such file"),
        ("out.csv", "NONE", "no instrument 'NONE'"),
    ],
)
def test_an_export_that_cannot_be_says_why(
    instrument: Instrument, tmp_path: Path, file: str, name: str, expected: str
) -> None:
    with pytest.raises(CommandError, match=expected):
        call_command(
            "export_candles", str(tmp_path / file), "--instrument", name, "--interval", "1h"
        )

    assert list(tmp_path.iterdir()) == []
