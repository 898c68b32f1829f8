"""The pages on which people look at prices, and at the venues that they come from."""

from prices.admin.instruments import InstrumentAdmin
from prices.admin.records import (
    CandleRevisionAdmin,
    CorporateActionAdmin,
    FundamentalsAdmin,
    RateAdmin,
)
from prices.admin.venues import BudgetAdmin

__all__ = [
    "BudgetAdmin",
    "CandleRevisionAdmin",
    "CorporateActionAdmin",
    "FundamentalsAdmin",
    "InstrumentAdmin",
    "RateAdmin",
]
