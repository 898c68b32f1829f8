"""Writing what venues say: exact, only what changed, with counts of what came of it."""

from prices.store.candles import write_candles
from prices.store.coverage import answered_until, forget, gaps, known_since
from prices.store.instruments import Collected, write_instruments
from prices.store.keyed import write_corporate_actions, write_rates
from prices.store.last_prices import write_last_prices
from prices.store.rewriting import OVERLAP, find_rewriting
from prices.store.series import InvalidCandle, Series, Written

__all__ = [
    "OVERLAP",
    "Collected",
    "InvalidCandle",
    "Series",
    "Written",
    "answered_until",
    "find_rewriting",
    "forget",
    "gaps",
    "known_since",
    "write_candles",
    "write_corporate_actions",
    "write_instruments",
    "write_last_prices",
    "write_rates",
]
