"""What is stored: instruments, candles, and the field for exact decimals."""

from prices.models.candle import Candle
from prices.models.decimals import ExactDecimalField
from prices.models.instrument import Instrument

__all__ = ["Candle", "ExactDecimalField", "Instrument"]
