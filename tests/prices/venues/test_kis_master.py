from __future__ import annotations

import io
import zipfile
from datetime import date
from decimal import Decimal

import pytest

from prices.venues.base import InvalidAnswer, ListedInstrument, VenueFundamentals
from prices.venues.kis_master import read_master

# Lines of the real shape, of companies that do not exist.
STATED = "000001380-00000029000000021-0019-00004.9720251231"
NOT_STATED = "00000000000000000000000000000000000000000        "
OVERSEAS = "US\t22\tNAS\t나스닥\t{0}\tNAS{0}\t데모\tDEMO CORP\t{1}\tUSD" + 14 * "\t0"


def korean_line(
    code: str = "0004V0",
    name: str = "데모모터스",
    group: str = "ST",
    flags: str = "NNN00",  # halted, liquidated, administered, alert
    figures: str = STATED,
    market: str = "KOSPI",
) -> bytes:
    memberships, marks = (26, 5) if market == "KOSPI" else (21, 4)
    fields = [
        f"{group}3002700150000{'N' * memberships}",
        f"000000431{'00001' * 2}{flags}NNN000000100N090",
        "00000021095500000000050019760525000000000086375000000000043187592000",
        f"12       {'N' * marks}",
        f"{figures}000000372   NNN",
    ]
    head = code.encode().ljust(9) + b"KR7000040006" + name.encode("cp949").ljust(40)
    return head + "".join(fields).encode()


def packed(*lines: bytes) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("kospi_code.mst", b"\n".join(lines))
    return file.getvalue()


@pytest.mark.parametrize("market", ["KOSPI", "KOSDAQ"])
def test_a_company_comes_with_its_figures_in_won(market: str) -> None:
    (company,) = read_master(packed(korean_line(market=market)), market)

    assert company == ListedInstrument(
        venue_id="0004V0",
        market=market,
        symbol="0004V0",
        name="데모모터스",
        local_name="데모모터스",
        kind="stock",
        quote_currency="KRW",
        listed_on=date(1976, 5, 25),
        fundamentals=VenueFundamentals(
            fiscal_period="20251231",
            market_cap=Decimal(37_200_000_000),
            listed_shares=Decimal(86_375_000),
            capital=Decimal(43_187_592_000),
            face_value=Decimal(500),
            sales=Decimal(138_000_000_000),
            operating_profit=Decimal(-2_900_000_000),
            ordinary_profit=Decimal(2_100_000_000),
            net_income=Decimal(-1_900_000_000),
            roe=Decimal("-4.97"),
        ),
    )


def test_figures_that_are_not_stated_are_not_zero() -> None:
    (fund,) = read_master(packed(korean_line(group="EF", figures=NOT_STATED)), "KOSPI")

    figures = fund.fundamentals
    assert figures
    assert (figures.fiscal_period, figures.sales, figures.roe) == ("", None, None)
    assert figures.market_cap == Decimal(37_200_000_000)


@pytest.mark.parametrize(
    ("group", "kind"), [("ST", "stock"), ("EF", "fund"), ("EN", "note"), ("SW", "other")]
)
def test_the_group_tells_the_kind(group: str, kind: str) -> None:
    (listed,) = read_master(packed(korean_line(group=group)), "KOSPI")

    assert listed.kind == kind


@pytest.mark.parametrize(
    ("flags", "is_halted", "warnings"),
    [
        ("NNN00", False, ()),
        ("YNN00", True, ()),
        ("YYY02", True, ("관리종목", "시장경고 2", "정리매매")),
    ],
)
def test_halts_and_warnings_are_told(
    flags: str, is_halted: bool, warnings: tuple[str, ...]
) -> None:
    (listed,) = read_master(packed(korean_line(flags=flags)), "KOSPI")

    assert (listed.is_halted, listed.warnings) == (is_halted, warnings)


def test_codes_are_text_of_any_length() -> None:
    codes = ["000020", "0004V0", "Q500001", "F70100026"]

    listed = read_master(packed(*[korean_line(code=code) for code in codes]), "KOSPI")

    assert [one.venue_id for one in listed] == codes


def test_of_konex_only_the_beginning_is_known() -> None:
    line = korean_line()[:63] + b" " * 182

    (listed,) = read_master(packed(line), "KONEX")

    assert (listed.venue_id, listed.market, listed.fundamentals) == ("0004V0", "KONEX", None)


def test_overseas_instruments_keep_the_id_of_the_venue() -> None:
    lines = [OVERSEAS.format("AAPL", "2"), OVERSEAS.format("QQQ", "3"), OVERSEAS.format("W", "4")]

    listed = read_master(packed(*[line.encode("cp949") for line in lines]), "NAS")

    assert [one.kind for one in listed] == ["stock", "fund", "other"]
    assert listed[0] == ListedInstrument(
        venue_id="NASAAPL",
        market="NAS",
        symbol="AAPL",
        name="DEMO CORP",
        local_name="데모",
        kind="stock",
        quote_currency="USD",
    )


@pytest.mark.parametrize("kept", [0, 10, 100, -1])
def test_a_truncated_file_is_refused(kept: int) -> None:
    whole = packed(*[korean_line(code=f"{n:06}") for n in range(100)])

    with pytest.raises(InvalidAnswer, match="master file of KOSPI is no whole zip"):
        read_master(whole[:kept], "KOSPI")


def test_a_damaged_file_is_refused() -> None:
    whole = bytearray(packed(*[korean_line(code=f"{n:06}") for n in range(100)]))
    whole[60] ^= 0xFF

    with pytest.raises(InvalidAnswer, match="no whole zip"):
        read_master(bytes(whole), "KOSPI")


@pytest.mark.parametrize(
    ("line", "message"),
    [
        (korean_line()[:-1], "line 2 has 287 bytes, expected 288"),
        (korean_line(market="KOSDAQ"), "line 2 has 282 bytes, expected 288"),
        (korean_line(code=""), "line 2 has no code or no name"),
        (korean_line(figures=STATED.replace("-00004.97", "-0000x.97")), "roe is '-0000x.97'"),
        (korean_line().replace("모터".encode("cp949"), b"\xff\xff\xff\xff"), "no text in cp949"),
        (korean_line().replace(b"19760525", b"19761305"), "listed_on is '19761305'"),
        (korean_line("000020"), "has '000020' twice"),
    ],
)
def test_one_line_that_is_wrong_refuses_the_file(line: bytes, message: str) -> None:
    file = packed(korean_line("000020"), line)

    with pytest.raises(InvalidAnswer, match=message):
        read_master(file, "KOSPI")


def test_an_empty_file_lists_nothing_and_is_refused() -> None:
    with pytest.raises(InvalidAnswer, match="lists nothing at all"):
        read_master(packed(), "KOSPI")


def test_an_overseas_line_of_another_width_is_refused() -> None:
    with pytest.raises(InvalidAnswer, match="line 1 has 3 columns, expected 24"):
        read_master(packed(b"US\t22\tNAS"), "NAS")
