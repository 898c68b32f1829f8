"""The master files of KIS, made up: lines of its widths, in cp949, in a zip."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal

OVERSEAS_NAMES = {"NAS": "나스닥", "NYS": "뉴욕", "AMS": "아멕스", "TSE": "동경", "HKS": "홍콩"}
CURRENCIES = {
    **dict.fromkeys(("NAS", "NYS", "AMS"), "USD"),
    **dict.fromkeys(("SHS", "SHI", "SZS", "SZI"), "CNY"),
    "TSE": "JPY",
    "HKS": "HKD",
    **dict.fromkeys(("HNX", "HSX"), "VND"),
}
MEMBERSHIPS = {"KOSPI": 26, "KOSDAQ": 21}
MARKS = {"KOSPI": 5, "KOSDAQ": 4}
KONEX_REST = 182  # bytes of which nobody has said what they are
Days = tuple[date, date]  # from, until


@dataclass(slots=True, kw_only=True)
class Stock:
    """An instrument that can be changed while the server runs.

    price     in its own currency, around which it swings
    listed_on nothing was traded before
    halted    days on which nobody could trade: rows without a trade
    splits    the day of each, and into how many a share was split
    is_bare   KIS leaves the prices of days without a trade at 0, but for the close
    """

    code: str
    market: str
    name: str
    price: Decimal
    english_name: str = ""
    group: str = "ST"
    listed_on: date = date(2000, 1, 4)
    halted: tuple[Days, ...] = ()
    splits: dict[date, int] = field(default_factory=dict)
    is_bare: bool = True

    @property
    def venue_id(self) -> str:
        return self.code if self.market in KOREAN else f"{self.market}{self.code}"


KOREAN = ("KOSPI", "KOSDAQ", "KONEX")


def master_zip(market: str, stocks: Iterable[Stock]) -> bytes:
    """Return the file that lists a market."""
    write = korean_line if market in KOREAN else overseas_line
    lines = [write(stock) for stock in stocks if stock.market == market]
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(f"{market.lower()}_code.mst", b"".join(line + b"\n" for line in lines))
    return file.getvalue()


def korean_line(stock: Stock) -> bytes:
    head = stock.code.encode().ljust(9) + b"KR7000000000"
    head += stock.name.encode("cp949").ljust(40) + stock.group.encode()
    if stock.market == "KONEX":
        return head + b" " * KONEX_REST
    has_figures = stock.group == "ST"
    fields = [
        "3002700150000",  # size and sectors
        "N" * MEMBERSHIPS[stock.market],
        f"{int(stock.price):09}",
        "00001" * 2,  # units of trading
        "NNN",  # halted, liquidated, administered
        "00NNN",  # warnings
        "000000100",  # ex-rights, change of face value, increase of capital, margin
        "N090",
        f"{500_000:012}{500:012}",  # volume, face value
        f"{stock.listed_on:%Y%m%d}",
        f"{40_000:015}{20_000_000_000:021}",  # thousands of shares, capital
        "12" + " " * 7,
        "N" * MARKS[stock.market],
        "00000138000000002900000002100019000004.9720251231" if has_figures else "0" * 41 + " " * 8,
        f"{int(stock.price) * 40_000_000 // 10**8:09}",  # market cap, in units of 100 million won
        "   NNN",
    ]
    return head + "".join(fields).encode()


def overseas_line(stock: Stock) -> bytes:
    market, code = stock.market, stock.code
    kind = {"EF": "3", "IX": "1"}.get(stock.group, "2")
    columns = ["US", "22", market, OVERSEAS_NAMES.get(market, market), code, f"{market}{code}"]
    columns += [stock.name, stock.english_name, kind, CURRENCIES[market], "4", "", f"{stock.price}"]
    columns += ["1", "1", "930", "1600", "N", "", "000", "0", "0", "   ", "   "]
    return "\t".join(columns).encode("cp949")
