"""Files for `make demo`, as a central bank, CoinTracking and SaxoTraderGO would give them."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from snapshots.demo.investor import (
    CURRENCIES,
    PENSION,
    SAVED_COINS,
    bought_at,
    fixing_before,
    rate,
    savings_until,
    shares_at,
)

ZONE = "Europe/Zurich"
TRADES = (
    "Type", "Buy", "Cur.", "Sell", "Cur.", "Fee", "Cur.", "Exchange", "Group", "Comment", "Date",
)  # fmt: skip
POSITIONS = (
    "Instruments", "Quantity", "Current price", "Market value (EUR)", "Account", "Symbol",
    "Currency",
)  # fmt: skip


def rates_file(since: datetime, until: datetime) -> str:
    """Return the official rates in USD, one of each working day."""
    days = range((until - since).days + 1)
    instants = sorted({fixing_before(since + timedelta(days=number)) for number in days})
    rows = [
        (currency, "USD", at.isoformat(), str(rate(currency, at)), "Made-up central bank")
        for at in instants
        for currency in CURRENCIES
    ]
    return _csv([("base_currency", "quote_currency", "at", "rate", "source"), *rows])


def trade_table(until: datetime) -> str:
    """Return what was paid in and bought, in the times of ZONE."""
    rows = []
    for day in savings_until(until):
        local = f"{day.astimezone(ZoneInfo(ZONE)):%d.%m.%Y %H:%M:%S}"
        end = ("", "", "BINANCE", "", "Savings", local)
        rows.append(("Deposit", f"{SAVED_COINS:.2f}", "USD", "", "", *end))
        rows.append(("Trade", f"{bought_at(day)}", "BTC", f"{SAVED_COINS:.2f}", "USD", *end))
    return _csv([TRADES, *rows])


def positions_export(at: datetime) -> tuple[str, str]:
    """Return the name of an export of positions, which has its time in it, and what it says."""
    rows = [
        (name, str(number), f"{price:.2f}", f"{value:.2f}", "90000/2", symbol, currency)
        for symbol, name, number, price, currency, value in shares_at(at, PENSION)
    ]
    local = at.astimezone(ZoneInfo(ZONE))
    return f"Positions_{local:%d-%b-%Y_%H_%M_%S}.csv", _csv([POSITIONS, *rows])


def _csv(rows: Iterable[Iterable[str]]) -> str:
    return "".join(",".join(f'"{cell}"' for cell in row) + "\r\n" for row in rows)
