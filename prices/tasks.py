"""The tasks that collect prices, and the jobs that run them."""

from __future__ import annotations

from datetime import UTC, datetime
from importlib import import_module
from types import ModuleType
from typing import Annotated, Any

from pydantic import AfterValidator, Field
from pydantic_core import PydanticCustomError

from prices.collection.last_prices import collect_last_prices
from prices.collection.lists import collect_lists
from prices.collection.planning import Plan
from prices.collection.selection import (
    NoSuchInstrument,
    Selection,
    built_in,
    by_ccxt,
    names_in,
)
from prices.models import Interval
from scheduling.context import Degraded, RunContext
from scheduling.exceptions import TaskFailed
from scheduling.registry import default_job, task
from scheduling.triggers import TriggerSpec

SEOUL, ZURICH = "Asia/Seoul", "Europe/Zurich"
MINUTE, HOUR = 60, 3600  # s
# What is meant for the night may start late, and tries again: the next one is a day away.
NIGHTLY: dict[str, Any] = {
    "misfire_grace_seconds": 6 * HOUR,
    "max_attempts": 3,
    "backoff_seconds": 5 * MINUTE,
}
DAYS_BACK = 7  # of what is collected without more being said
DAYS_OF_HISTORY = 365  # of the full update


def _some(exchange: str) -> str:
    if not names_in(exchange):
        raise PydanticCustomError("no_exchange", "Name an exchange, or write all")
    return exchange


Exchange = Annotated[
    str,
    Field(description="all, or names with commas between: upbit, kis.", max_length=500),
    AfterValidator(_some),
]
Market = Annotated[
    str | None, Field(description="The part of the exchange: KRW, KOSPI.", max_length=20)
]
Symbols = Annotated[
    list[Annotated[str, Field(min_length=1, max_length=150)]] | None,
    Field(description="Only these: upbit:KRW-BTC, KRW-BTC or BTC/KRW."),
]
DaysBack = Annotated[int, Field(ge=1, le=36_500, title="Days back")]
CandleInterval = Annotated[Interval, Field(title="Interval")]


@task(
    "prices.collect_symbols",
    timeout=10 * MINUTE,
    isolation="process",
    retry_lost=True,
    label="Collect symbols",
)
def collect_symbols(ctx: RunContext, *, exchange: Exchange = "all") -> dict[str, Any] | Degraded:
    """Store what exchanges list now: adds, updates, renames, and delists softly."""
    venues = Selection(exchange=exchange).venues()
    return collect_lists(ctx, venues, now=datetime.now(UTC))


@task(
    "prices.update_exchange_symbols",
    timeout=30 * MINUTE,
    isolation="process",
    retry_lost=True,
    label="Update exchange symbols",
)
def update_exchange_symbols(
    ctx: RunContext, *, exchange: Exchange = "all"
) -> dict[str, Any] | Degraded:
    """Store what the exchanges list now that are reached by ccxt."""
    named = Selection(exchange=exchange)
    venues = by_ccxt() if named.is_for_all else named.venues()
    return collect_lists(ctx, venues, now=datetime.now(UTC))


@task(
    "prices.collect_price_data",
    timeout=2 * HOUR,
    isolation="process",
    retry_lost=True,
    label="Collect price data",
)
def collect_price_data(
    ctx: RunContext,
    *,
    exchange: Exchange = "all",
    market: Market = None,
    symbols: Symbols = None,
    days_back: DaysBack = DAYS_BACK,
    interval: CandleInterval = Interval.DAY,
) -> dict[str, Any] | Degraded:
    """Collect the candles of all that exchanges list, as far as they are missing."""
    selection = Selection(exchange=exchange, market=market, symbols=symbols or ())
    plan = Plan(interval=interval.value, until=ctx.scheduled_at, days_back=days_back)
    return _collect_candles(ctx, selection, plan)


@task(
    "prices.update_price_history",
    timeout=5 * MINUTE,
    isolation="process",
    retry_lost=True,
    label="Update price history",
)
def update_price_history(
    ctx: RunContext,
    *,
    incremental: Annotated[
        bool, Field(description="From the last final candle minus two, not the days back.")
    ] = False,
    symbols: Symbols = None,
    days_back: DaysBack | None = None,
    interval: CandleInterval = Interval.DAY,
) -> dict[str, Any] | Degraded:
    """Collect the candles of tracked instruments, as far as they are missing.

    Days back: 365, or 7 for an instrument that an incremental update finds without candles.
    """
    selection = Selection(symbols=symbols or (), only_tracked=True)
    plan = Plan(
        interval=interval.value,
        until=ctx.scheduled_at,
        days_back=days_back or (DAYS_BACK if incremental else DAYS_OF_HISTORY),
        is_incremental=incremental,
    )
    return _collect_candles(ctx, selection, plan)


@task(
    "prices.collect_crypto_data",
    timeout=5 * MINUTE,
    isolation="process",
    retry_lost=True,
    label="Collect crypto data",
)
def collect_crypto_data(
    ctx: RunContext, *, exchange: Exchange = "all"
) -> dict[str, Any] | Degraded:
    """Store the last prices of whole markets, and the exchange rates that they imply."""
    selection = Selection(exchange=exchange)
    return collect_last_prices(ctx, selection.venues(), is_for_all=selection.is_for_all)


@task(
    "prices.repair_gaps",
    timeout=30 * MINUTE,
    isolation="process",
    retry_lost=True,
    label="Repair gaps",
)
def repair_gaps(
    ctx: RunContext,
    *,
    symbols: Symbols = None,
    interval: CandleInterval | None = None,
    fill: Annotated[
        bool, Field(description="Fill them now; else they are listed, and runs requested for it.")
    ] = False,
) -> dict[str, Any] | Degraded:
    """Find what is missing between candles, and have it filled by backfill runs.

    These take a quarter of what a venue allows, so that what cannot wait has the rest.
    """
    result: dict[str, Any] | Degraded
    wanted = interval.value if interval else None
    if fill and wanted is None:
        raise TaskFailed("Say which interval shall be filled.", permanent=True)
    repair = _late("repair")
    try:
        if fill:
            result = repair.fill_gaps(ctx, symbols or (), wanted)
        else:
            result = repair.request_repairs(ctx, list(repair.gaps_within(symbols or (), wanted)))
    except NoSuchInstrument as exc:
        raise TaskFailed(str(exc), permanent=True) from exc
    return result


def _collect_candles(
    ctx: RunContext, selection: Selection, plan: Plan
) -> dict[str, Any] | Degraded:
    result: dict[str, Any] | Degraded = _late("candles").collect_candles(ctx, selection, plan)
    return result


def _late(name: str) -> ModuleType:
    """Return a module that brings numpy: the scheduler's children need it, and it does not."""
    return import_module(f"prices.collection.{name}")


def _no_exchange() -> str:
    if by_ccxt():
        return ""
    return "No exchange of ccxt is set. Name some in CCXT_EXCHANGES, then resume this job."


default_job(
    key="collect_symbols",
    name="Collect symbols",
    description="What Upbit and KIS list: new, renamed and delisted instruments.",
    task="prices.collect_symbols",
    params={"exchange": ",".join(built_in())},
    trigger=TriggerSpec(kind="cron", expression="0 0 * * *", timezone=SEOUL),
    **NIGHTLY,
)
default_job(
    key="collect_price_data",
    name="Collect price data",
    description="Daily candles of the last week, of all that all exchanges list.",
    task="prices.collect_price_data",
    trigger=TriggerSpec(kind="cron", expression="2 0 * * *", timezone=SEOUL),
    **NIGHTLY,
)
default_job(
    key="ohlcv_daily",
    name="OHLCV daily",
    description="A year of daily candles of each tracked instrument: what is missing of it.",
    task="prices.update_price_history",
    trigger=TriggerSpec(kind="cron", expression="10 3 * * *", timezone=ZURICH),
    timeout_seconds=5 * MINUTE,
    **NIGHTLY,
)
default_job(
    key="ohlcv_hourly",
    name="OHLCV hourly",
    description="Hourly candles of each tracked instrument, from the last final one minus two.",
    task="prices.update_price_history",
    params={"incremental": True, "interval": "1h"},
    trigger=TriggerSpec(kind="cron", expression="5 * * * *", timezone=ZURICH, jitter_seconds=30),
    timeout_seconds=2 * MINUTE,
)
default_job(
    key="collect_crypto_data",
    name="Collect crypto data",
    description="The last prices of whole markets, and the rates of KRW and stablecoins.",
    task="prices.collect_crypto_data",
    trigger=TriggerSpec(kind="cron", expression="*/10 * * * *", timezone=ZURICH),
)
default_job(
    key="update_exchange_symbols",
    name="Update exchange symbols",
    description="What the exchanges list that are reached by ccxt.",
    task="prices.update_exchange_symbols",
    trigger=TriggerSpec(kind="cron", expression="0 1 * * *", timezone=ZURICH),
    **NIGHTLY,
    paused=_no_exchange,
)
default_job(
    key="repair_gaps",
    name="Repair gaps",
    description="Finds what is missing between candles, and requests runs that fill it.",
    task="prices.repair_gaps",
    trigger=TriggerSpec(kind="cron", expression="40 4 * * *", timezone=ZURICH),
    **NIGHTLY,
    overlap="queue",  # one backfill after the other
)
