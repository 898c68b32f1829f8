"""What is stored: instruments, candles, rates, budgets of calls, access tokens; exact decimals."""

from prices.models.access_token import AccessToken
from prices.models.budget import Budget
from prices.models.budget_use import BudgetUse
from prices.models.candle import Candle, CandleRevision, Interval
from prices.models.circuit import Circuit
from prices.models.corporate_action import CorporateAction
from prices.models.coverage import Coverage
from prices.models.decimals import ExactDecimalField
from prices.models.fundamentals import Fundamentals
from prices.models.instrument import Instrument, InstrumentAlias
from prices.models.last_price import LastPrice
from prices.models.rate import Rate

__all__ = [
    "AccessToken",
    "Budget",
    "BudgetUse",
    "Candle",
    "CandleRevision",
    "Circuit",
    "CorporateAction",
    "Coverage",
    "ExactDecimalField",
    "Fundamentals",
    "Instrument",
    "InstrumentAlias",
    "Interval",
    "LastPrice",
    "Rate",
]
