"""The master files of KIS (Korea Investment & Securities): what each market lists, once a day.

Zip files that anybody may fetch. The Korean ones hold lines of fixed width in cp949: widths are
bytes, and a Korean letter has two. The overseas ones hold columns between tabs.

Source: github.com/koreainvestment/open-trading-api, stocks_info, read 2026-11-21; the widths agree
with real files of 2026-05.
"""

from __future__ import annotations

import io
import zipfile
import zlib
from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, date, datetime
from decimal import Decimal, InvalidOperation

from prices.venues.answers import shown
from prices.venues.base import InvalidAnswer, Kind, ListedInstrument, VenueFundamentals

MOST_BYTES = 64 * 1024 * 1024  # unpacked; the largest has 2 MB
HUNDRED_MILLION = Decimal(10**8)  # the unit of sales, profits and market caps
THOUSAND = Decimal(1000)  # the unit of shares
KINDS: Mapping[str, Kind] = {
    "ST": "stock",
    "FS": "stock",  # of a foreign company
    "DR": "stock",
    "RT": "stock",  # a REIT
    "EF": "fund",
    "IF": "fund",
    "MF": "fund",
    "EN": "note",
}
OVERSEAS_KINDS: Mapping[str, Kind] = {"2": "stock", "3": "fund"}
OVERSEAS_COLUMNS = 24
KOREAN = ("KOSPI", "KOSDAQ", "KONEX")
FOREIGN = ("NAS", "NYS", "AMS", "SHS", "SHI", "SZS", "SZI", "TSE", "HKS", "HNX", "HSX")
MARKETS = (*KOREAN, *FOREIGN)

Column = tuple[str, int]  # name and width in bytes
Fields = Mapping[str, str]

HEAD: list[Column] = [("code", 9), ("isin", 12), ("name", 40), ("group", 2)]
SECTORS: list[Column] = [("size", 1), ("sector", 4), ("sector_2", 4), ("sector_3", 4)]
TRADING: list[Column] = [
    ("base_price", 9), ("unit", 5), ("unit_after_hours", 5), ("is_halted", 1),
    ("is_liquidated", 1), ("is_administered", 1), ("alert", 2), ("alert_is_near", 1),
    ("is_unfaithful", 1), ("is_back_door", 1), ("ex_rights", 2), ("face_change", 2),
    ("capital_increase", 2), ("margin", 3), ("has_credit", 1), ("credit_days", 3),
    ("volume", 12), ("face_value", 12), ("listed_on", 8), ("shares", 15), ("capital", 21),
    ("closing_month", 2), ("issue_price", 7),
]  # fmt: skip
FIGURES: list[Column] = [
    ("sales", 9), ("operating_profit", 9), ("ordinary_profit", 9), ("net_income", 5),
    ("roe", 9), ("fiscal_period", 8), ("market_cap", 9), ("company_group", 3),
    ("is_over_credit", 1), ("is_collateral", 1), ("is_lent", 1),
]  # fmt: skip


def _layout(*, memberships: int, marks: int) -> list[Column]:
    """Return the columns of a market: so many flags of indexes, and of a kind of share."""
    flags = [(f"membership_{n}", 1) for n in range(memberships)]
    return [*HEAD, *SECTORS, *flags, *TRADING, *[(f"mark_{n}", 1) for n in range(marks)], *FIGURES]


# Nobody has described what KONEX has after the group; it is only measured.
LAYOUTS: Mapping[str, list[Column]] = {
    "KOSPI": _layout(memberships=26, marks=5),
    "KOSDAQ": _layout(memberships=21, marks=4),
    "KONEX": [*HEAD, ("rest", 182)],
}


def read_master(packed: bytes, market: str) -> tuple[ListedInstrument, ...]:
    """Return what a master file lists: of KOSPI, KOSDAQ or KONEX, or of an overseas market.

    Raise InvalidAnswer if the file is not whole, or has one line that is not as all should be:
    what a damaged file leaves out would look delisted.
    """
    where = f"kis, master file of {market}"
    lines = [line for line in _unpacked(packed, where).split(b"\n") if line.strip()]
    is_korean = market in LAYOUTS
    read = _read_korean(lines, market, where) if is_korean else _read_overseas(lines, where)
    listed: dict[str, ListedInstrument] = {}
    for instrument in read:
        if instrument.venue_id in listed:
            raise InvalidAnswer(f"{where} has {instrument.venue_id!r} twice.")
        listed[instrument.venue_id] = instrument
    if not listed:
        raise InvalidAnswer(f"{where} lists nothing at all.")
    return tuple(listed.values())


def master_file(market: str) -> str:
    """Return the name of the zip that lists a market."""
    return f"{market.lower()}{'_code.mst' if market in KOREAN else 'mst.cod'}.zip"


def _unpacked(packed: bytes, where: str) -> bytes:
    try:
        with zipfile.ZipFile(io.BytesIO(packed)) as archive:
            (file,) = archive.infolist()
            if file.file_size > MOST_BYTES:
                raise InvalidAnswer(f"{where} would unpack to {file.file_size} bytes.")
            return archive.read(file)
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, ValueError) as exc:
        raise InvalidAnswer(f"{where} is no whole zip of one file: {shown(packed)}.") from exc


def _read_korean(lines: Iterable[bytes], market: str, where: str) -> Iterator[ListedInstrument]:
    layout = LAYOUTS[market]
    width = sum(size for _, size in layout)
    for number, line in enumerate(lines, start=1):
        place = f"{where}, line {number}"
        if len(line) != width:
            raise InvalidAnswer(f"{place} has {len(line)} bytes, expected {width}.")
        yield _korean(_fields(line, layout, place), market, place)


def _fields(line: bytes, layout: list[Column], place: str) -> Fields:
    fields, start = {}, 0
    for name, size in layout:
        fields[name] = _decoded(line[start : start + size], place).strip()
        start += size
    return fields


def _korean(fields: Fields, market: str, place: str) -> ListedInstrument:
    code, name = fields["code"], fields["name"]
    if not (code and name):
        raise InvalidAnswer(f"{place} has no code or no name: {code!r}, {name!r}.")
    return ListedInstrument(
        venue_id=code,
        market=market,
        symbol=code,
        name=name,
        local_name=name,
        kind=KINDS.get(fields["group"], "other"),
        quote_currency="KRW",
        is_halted=fields.get("is_halted") == "Y",
        warnings=_warnings_of(fields),
        listed_on=_date(fields, place),
        fundamentals=_fundamentals(fields, place) if "market_cap" in fields else None,
    )


def _warnings_of(fields: Fields) -> tuple[str, ...]:
    """Return KIS's words: about to be delisted, under administration, watched by the exchange."""
    flags = {"is_liquidated": "정리매매", "is_administered": "관리종목"}
    warnings = [word for name, word in flags.items() if fields.get(name) == "Y"]
    alert = fields.get("alert", "").strip("0")
    return tuple(sorted([*warnings, *([f"시장경고 {alert}"] if alert else [])]))


def _fundamentals(fields: Fields, place: str) -> VenueFundamentals:
    """Return the figures in won. Zeros stand for what there is not, as a fund's sales."""
    period = fields["fiscal_period"].strip("0") and fields["fiscal_period"]

    def stated(name: str, unit: Decimal = Decimal(1)) -> Decimal | None:
        number = _number(fields, name, place)
        return number * unit if number else None

    def reported(name: str, unit: Decimal = Decimal(1)) -> Decimal | None:
        number = _number(fields, name, place) if period else None
        return None if number is None else number * unit

    return VenueFundamentals(
        fiscal_period=period,
        market_cap=stated("market_cap", HUNDRED_MILLION),
        listed_shares=stated("shares", THOUSAND),
        capital=stated("capital"),
        face_value=stated("face_value"),
        sales=reported("sales", HUNDRED_MILLION),
        operating_profit=reported("operating_profit", HUNDRED_MILLION),
        ordinary_profit=reported("ordinary_profit", HUNDRED_MILLION),
        net_income=reported("net_income", HUNDRED_MILLION),
        roe=reported("roe"),
    )


def _number(fields: Fields, name: str, place: str) -> Decimal | None:
    """Return a number that is padded with zeros: -00004.97. None = the field is blank."""
    text = fields[name]
    if not text:
        return None
    try:
        number = Decimal(text)
    except InvalidOperation:
        number = Decimal("NaN")
    if not number.is_finite():
        raise InvalidAnswer(f"{place}: {name} is {text!r}, expected a number.")
    return number


def _date(fields: Fields, place: str) -> date | None:
    text = fields.get("listed_on", "").strip("0") and fields["listed_on"]
    if not text:
        return None
    try:
        return datetime.strptime(text, "%Y%m%d").replace(tzinfo=UTC).date()
    except ValueError as exc:
        raise InvalidAnswer(f"{place}: listed_on is {text!r}, expected YYYYMMDD.") from exc


def _read_overseas(lines: Iterable[bytes], where: str) -> Iterator[ListedInstrument]:
    for number, line in enumerate(lines, start=1):
        place = f"{where}, line {number}"
        columns = [cell.strip() for cell in _decoded(line, place).rstrip("\r").split("\t")]
        if len(columns) != OVERSEAS_COLUMNS:
            raise InvalidAnswer(f"{place} has {len(columns)} columns, expected {OVERSEAS_COLUMNS}.")
        market, symbol, venue_id, local_name, name = (columns[n] for n in (2, 4, 5, 6, 7))
        currency = columns[9]
        if not (symbol and venue_id and currency):
            raise InvalidAnswer(f"{place} has no symbol, id or currency: {shown(columns)}.")
        yield ListedInstrument(
            venue_id=venue_id,
            market=market,
            symbol=symbol,
            name=name or local_name or symbol,
            local_name=local_name,
            kind=OVERSEAS_KINDS.get(columns[8], "other"),
            quote_currency=currency,
        )


def _decoded(line: bytes, place: str) -> str:
    try:
        return line.decode("cp949")
    except UnicodeDecodeError as exc:
        raise InvalidAnswer(f"{place} is no text in cp949: {shown(line)}.") from exc
