"""Value a statement in its own currency and in USD."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Context, Decimal, localcontext

from snapshots.rates import EXAMPLE, USD, UsdRate
from snapshots.sources.base import InvalidStatement, Position, SourceError, Statement

# Sums and products stay exact: 38 digits are stored, Python keeps 28 unless told otherwise.
EXACT = Context(prec=80)
LIMIT = Decimal(10) ** 18  # in any currency
SHOWN_UNPRICED = 5


class MissingRate(SourceError):
    """The values are in a currency without a rate, or in another one than the account's."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ValuedPosition:
    """A position with its value in USD."""

    position: Position
    value: Decimal
    value_usd: Decimal


@dataclass(frozen=True, slots=True, kw_only=True)
class Valuation:
    """A statement in numbers.

    positions    those worth at least `min_usd` by magnitude, the largest first
    total_value  statement currency, of all positions
    total_usd    of all positions
    rate         None = the statement is in USD
    dust_count   positions left out because of `min_usd`
    """

    positions: tuple[ValuedPosition, ...]
    total_value: Decimal
    total_usd: Decimal
    rate: UsdRate | None
    min_usd: Decimal
    dust_count: int
    dust_value_usd: Decimal


def value_statement(
    statement: Statement, *, currency: str, rate: UsdRate | None, min_usd: Decimal
) -> Valuation:
    """Value all positions of `statement`; leave out dust, which still counts in the totals.

    currency  that of the account
    rate      of that currency; not needed for USD

    Raise MissingRate, or InvalidStatement if a position has no value.
    """
    rate = _rate_for(statement, currency=currency, rate=rate)
    per_unit = rate.rate if rate else Decimal(1)
    with localcontext(EXACT):
        valued = [
            ValuedPosition(position=position, value=value, value_usd=value * per_unit)
            for position, value in _priced(statement)
        ]
        _require_storable(statement, valued)
        valued.sort(key=lambda item: abs(item.value_usd), reverse=True)
        shown = tuple(item for item in valued if abs(item.value_usd) >= min_usd)
        dust = valued[len(shown) :]
        return Valuation(
            positions=shown,
            total_value=_sum(item.value for item in valued),
            total_usd=_sum(item.value_usd for item in valued),
            rate=rate,
            min_usd=min_usd,
            dust_count=len(dust),
            dust_value_usd=_sum(item.value_usd for item in dust),
        )


def _rate_for(statement: Statement, *, currency: str, rate: UsdRate | None) -> UsdRate | None:
    if statement.currency != currency:
        raise MissingRate(_other_currency(statement, currency))
    if currency == USD:
        return None
    if rate is None:
        raise MissingRate(
            f"The values are in {currency}, and there is no rate to USD. Set 'usd_rate' in the "
            f"account's settings, with its date and source: {EXAMPLE}."
        )
    return rate


def _other_currency(statement: Statement, currency: str) -> str:
    text = (
        f"{statement.parts[0].name} has its values in {statement.currency}, but the account is "
        f"kept in {currency}. Export in {currency}, or set the account's currency to "
        f"{statement.currency}"
    )
    if statement.currency == USD:
        return f"{text}."
    return f"{text} and its setting 'usd_rate' to the rate, with its date and source: {EXAMPLE}."


def _priced(statement: Statement) -> list[tuple[Position, Decimal]]:
    unpriced = [position.ticker for position in statement.positions if position.value is None]
    if unpriced:
        more = len(unpriced) - SHOWN_UNPRICED
        names = ", ".join(unpriced[:SHOWN_UNPRICED]) + (f" and {more} more" if more > 0 else "")
        raise InvalidStatement(
            f"{statement.parts[0].name} has positions without a value: {names}. "
            "A total without them would be wrong."
        )
    return [(item, item.value) for item in statement.positions if item.value is not None]


def _require_storable(statement: Statement, valued: list[ValuedPosition]) -> None:
    size = _sum(max(abs(item.value), abs(item.value_usd)) for item in valued)
    if size >= LIMIT:
        raise InvalidStatement(
            f"{statement.parts[0].name} adds up to {size:.1E}: no portfolio is that large."
        )


def _sum(values: Iterable[Decimal]) -> Decimal:
    return sum(values, Decimal(0))
