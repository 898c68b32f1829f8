"""What is stored: instruments, candles and rates, and the field for exact decimals."""

from prices.models.candle import Candle, CandleRevision, Interval
from prices.models.corporate_action import CorporateAction
from prices.models.coverage import Coverage
from prices.models.decimals import ExactDecimalField
from prices.models.fundamentals import Fundamentals
from prices.models.instrument import Instrument, InstrumentAlias
from prices.models.rate import Rate

__all__ = [
    "Candle",
    "CandleRevision",
    "CorporateAction",
    "Coverage",
    "ExactDecimalField",
    "Fundamentals",
    "Instrument",
    "InstrumentAlias",
    "Interval",
    "Rate",
]
