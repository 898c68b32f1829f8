"""Writing what venues say: exact, only what changed, with counts of what came of it."""

from prices.store.candles import write_candles
from prices.store.coverage import gaps
from prices.store.instruments import Collected, write_instruments
from prices.store.rewriting import find_rewriting
from prices.store.series import InvalidCandle, Series, Written

__all__ = [
    "Collected",
    "InvalidCandle",
    "Series",
    "Written",
    "find_rewriting",
    "gaps",
    "write_candles",
    "write_instruments",
]
