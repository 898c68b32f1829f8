"""Collect what was traded at last, of whole markets, and the exchange rates that it implies."""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import closing
from datetime import UTC, datetime
from typing import Any

from prices.collection.lists import ensure_listed
from prices.collection.reporting import Failure, conclude
from prices.models import Instrument, Rate
from prices.opening import open_venue
from prices.store import write_last_prices, write_rates
from prices.venues.base import LastPrice, NotOffered, VenueError
from scheduling.context import Degraded, RunContext
from scheduling.exceptions import TaskFailed

# Whose prices in each other are exchange rates. A stablecoin is not its currency: USDT is not USD.
MONEY = frozenset({
    "AUD", "BRL", "CAD", "CHF", "CNY", "EUR", "GBP", "HKD", "IDR", "INR", "JPY", "KRW", "MXN",
    "NZD", "PLN", "SGD", "THB", "TRY", "TWD", "USD", "VND", "ZAR",
    "BUSD", "DAI", "EURC", "FDUSD", "PYUSD", "TUSD", "USDC", "USDP", "USDT",
})  # fmt: skip


def collect_last_prices(
    ctx: RunContext, venues: list[str], *, is_for_all: bool
) -> dict[str, Any] | Degraded:
    """Store the last prices of each venue, in one call each, and the rates that they imply.

    is_for_all  nobody named the venues: those that have no such call are left out

    A venue that fails does not keep the others from theirs. Raise TaskFailed if all fail.
    """
    counts = {"instruments": 0, "new": 0, "changed": 0, "unchanged": 0, "unknown": 0, "rates": 0}
    asked: list[str] = []
    failures: list[Failure] = []
    for done, venue in enumerate(venues):
        ctx.progress(done, len(venues), venue)
        if ctx.should_stop():
            raise TaskFailed(f"Stopped after {done} of {len(venues)} exchanges.")
        try:
            for name, count in _collect(venue).items():
                counts[name] += count
            asked.append(venue)
        except NotOffered as exc:
            if not is_for_all:
                failures.append(Failure.of_venue(venue, exc))
        except VenueError as exc:
            ctx.log.error("No last prices of %s: %s", venue, exc)
            failures.append(Failure.of_venue(venue, exc))
    ctx.progress(len(venues), len(venues), "Done")
    if counts["unknown"]:
        ctx.log.info("%d instruments are not known yet: collect_symbols.", counts["unknown"])
    again = {"exchange": ",".join(failure.venue for failure in failures)}
    result = {"exchanges": asked, **counts}
    return conclude(result, failures, of=f"{len(venues)} exchanges", again=again, is_any=asked)


def _collect(venue: str) -> dict[str, int]:
    asked_at = datetime.now(UTC)
    with closing(open_venue(venue)) as opened:
        if not opened.abilities.has_last_prices:
            raise NotOffered(f"{venue} does not tell the last prices of all instruments in a call.")
        ensure_listed(venue, now=asked_at)
        prices = opened.last_prices()
    written, unknown = write_last_prices(venue, prices, fetched_at=asked_at)
    rates = write_rates(list(implied_rates(venue, prices)))
    return {
        "instruments": len(prices),
        "new": written.new,
        "changed": written.changed,
        "unchanged": written.unchanged,
        "unknown": unknown,
        "rates": rates.new + rates.changed,
    }


def implied_rates(venue: str, prices: Iterable[LastPrice]) -> Iterable[Rate]:
    """Yield the exchange rates that last prices imply: KRW-USDT says what a USDT costs in KRW."""
    money = Instrument.objects.filter(
        venue=venue, kind=Instrument.Kind.CRYPTO, base_currency__in=MONEY, quote_currency__in=MONEY
    )
    pairs = {
        one.venue_id: (one.base_currency, one.quote_currency)
        for one in money
        if one.symbol == f"{one.base_currency}/{one.quote_currency}"  # no future of it
    }
    for price in prices:
        if price.venue_id in pairs and price.price > 0:
            base, quote = pairs[price.venue_id]
            yield Rate(
                base_currency=base,
                quote_currency=quote,
                kind=Rate.Kind.IMPLIED,
                source=venue,
                at=price.traded_at,
                rate=price.price,
            )
