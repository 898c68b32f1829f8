"""Value what is whole in the account's currency, in USD and in the reporting currency; pure."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Context, Decimal, localcontext

from snapshots.sources.base import InvalidStatement, SourceError, Statement
from snapshots.valuing.rates import EXAMPLE, USD, Rates
from snapshots.valuing.whole import Line, Piece, add

# Sums and products stay exact: 38 digits are stored, Python keeps 28 unless told otherwise.
EXACT = Context(prec=80)
LIMIT = Decimal(10) ** 18  # in any currency
LEAVES_BELOW = Decimal("0.8")  # of the threshold, so that what oscillates around it stays
FRESH_DATA = timedelta(hours=24)
FRESH_PRICE = timedelta(days=4)  # a stock over Easter
Place = tuple[str, str, str]


class MissingRate(SourceError):
    """The values are in a currency without a rate, or in another one than the account's."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ValuedLine:
    """A position with its value in USD; both None = unpriced."""

    line: Line
    value: Decimal | None
    value_usd: Decimal | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ValuedPiece:
    """A part with its value and with what the threshold hides of it."""

    piece: Piece
    value: Decimal | None
    value_usd: Decimal | None
    dust_count: int
    dust_value: Decimal


@dataclass(frozen=True, slots=True, kw_only=True)
class Valuation:
    """A snapshot in numbers.

    lines        those that are kept, the largest first, the unpriced last
    total_value  account's currency, of all positions
    sums         the total by kind of position
    quality      share of the value that is fresh in price and source; None = nobody knows
    """

    lines: tuple[ValuedLine, ...]
    pieces: tuple[ValuedPiece, ...]
    total_value: Decimal
    total_usd: Decimal
    total_reporting: Decimal
    sums: dict[str, Decimal]
    rates: Rates
    quality: Decimal | None
    min_usd: Decimal
    dust_count: int
    dust_value_usd: Decimal


def value_pieces(
    pieces: Sequence[Piece],
    rates: Rates,
    *,
    min_usd: Decimal,
    at: datetime,
    kept_before: Collection[Place] = (),
) -> Valuation:
    """Value all positions; leave out dust, which still counts in the totals.

    at           the instant that the snapshot stands for, which ages count back from
    kept_before  places of positions that the last snapshot kept: they leave below 0.8 of min_usd

    Raise InvalidStatement if it adds up to what no portfolio is worth.
    """
    with localcontext(EXACT):
        per_unit = rates.to_usd.rate if rates.to_usd else Decimal(1)
        valued = [_valued(line, per_unit) for piece in pieces for line in piece.lines or ()]
        _require_storable(valued)
        shown = [item for item in valued if _is_shown(item, min_usd, kept_before)]
        hidden = [item for item in valued if not _is_shown(item, min_usd, kept_before)]
        shown.sort(key=lambda item: abs(item.value_usd or Decimal(0)), reverse=True)
        total = add(piece.value for piece in pieces)
        per_reporting = rates.to_reporting.rate if rates.to_reporting else Decimal(1)
        found = [_valued_piece(piece, hidden, per_unit) for piece in pieces]
        return Valuation(
            lines=tuple(shown),
            pieces=tuple(found),
            total_value=total,
            total_usd=total * per_unit,
            total_reporting=total * per_reporting,
            sums=_sums(valued, pieces),
            rates=rates,
            quality=_quality(pieces, at),
            min_usd=min_usd,
            dust_count=sum(piece.dust_count for piece in found),
            dust_value_usd=add(piece.dust_value for piece in found) * per_unit,
        )


def value_total(total: Decimal, rates: Rates) -> Valuation:
    """Value a total whose positions nobody knows. Raise InvalidStatement if it is none."""
    with localcontext(EXACT):
        total_usd = total * (rates.to_usd.rate if rates.to_usd else Decimal(1))
        total_reporting = total * (rates.to_reporting.rate if rates.to_reporting else Decimal(1))
    largest = max(abs(total), abs(total_usd), abs(total_reporting))
    if largest >= LIMIT:
        raise InvalidStatement(f"A total of {largest:.1E}: no portfolio is that large.")
    return Valuation(
        lines=(),
        pieces=(),
        total_value=total,
        total_usd=total_usd,
        total_reporting=total_reporting,
        sums={},
        rates=rates,
        quality=None,
        min_usd=Decimal(0),
        dust_count=0,
        dust_value_usd=Decimal(0),
    )


def require_currency(statement: Statement, currency: str) -> None:
    """Raise MissingRate, with what to do, if a statement is in another currency than the account.

    To convert it in silence would change what the account's numbers mean.
    """
    if statement.currency == currency:
        return
    text = (
        f"{statement.parts[0].name} has its values in {statement.currency}, but the account is "
        f"kept in {currency}. Export in {currency}, or set the account's currency to "
        f"{statement.currency}"
    )
    if statement.currency != USD:
        text += f" and its setting 'usd_rate' to the rate, with its date and source: {EXAMPLE}"
    raise MissingRate(f"{text}.")


def missing_rate(currency: str, reporting_currency: str) -> MissingRate:
    """Return the error of an account whose currency has no rate."""
    others = [one for one in dict.fromkeys((USD, reporting_currency)) if one != currency]
    advice = "Import rates: manage.py import_rates FILE"
    if currency != USD:
        advice += (
            "; or set 'usd_rate' in the account's settings, with its date and source, where the "
            f"one to USD lacks: {EXAMPLE}"
        )
    return MissingRate(
        f"The values are in {currency}, and there is no rate to {' or '.join(others)} of the last "
        f"seven days. {advice}."
    )


def _valued(line: Line, per_unit: Decimal) -> ValuedLine:
    value = line.position.value
    return ValuedLine(line=line, value=value, value_usd=None if value is None else value * per_unit)


def _is_shown(item: ValuedLine, min_usd: Decimal, kept_before: Collection[Place]) -> bool:
    if item.value_usd is None:
        return True
    least = min_usd * LEAVES_BELOW if item.line.place in kept_before else min_usd
    return abs(item.value_usd) >= least


def _valued_piece(piece: Piece, hidden: Iterable[ValuedLine], per_unit: Decimal) -> ValuedPiece:
    own = [item.value or Decimal(0) for item in hidden if item.line.position.part == piece.name]
    value = piece.value
    return ValuedPiece(
        piece=piece,
        value=value,
        value_usd=None if value is None else value * per_unit,
        dust_count=piece.dust_count + len(own),
        dust_value=piece.dust_value + add(own),
    )


def _sums(valued: Iterable[ValuedLine], pieces: Iterable[Piece]) -> dict[str, Decimal]:
    sums: dict[str, Decimal] = defaultdict(Decimal)
    for item in valued:
        sums[item.line.position.kind] += item.value or Decimal(0)
    if dust := add(piece.dust_value for piece in pieces):
        sums["other"] += dust
    return dict(sums)


def _quality(pieces: Sequence[Piece], at: datetime) -> Decimal:
    """Return the share, by magnitude; what is unpriced has no value that could count."""
    fresh, everything = Decimal(0), Decimal(0)
    for piece in pieces:
        is_fresh = piece.carried_from_at is None and _is_young(piece.as_of, at, FRESH_DATA)
        for line in piece.lines or ():
            worth = abs(line.position.value or Decimal(0))
            everything += worth
            priced_at = line.position.priced_at or piece.as_of
            if is_fresh and not line.is_carried and _is_young(priced_at, at, FRESH_PRICE):
                fresh += worth
        everything += abs(piece.dust_value)
    return (fresh / everything).quantize(Decimal("0.0001")) if everything else Decimal(1)


def _is_young(instant: datetime | None, at: datetime, most: timedelta) -> bool:
    return instant is not None and at - instant <= most


def _require_storable(valued: Sequence[ValuedLine]) -> None:
    measure: Callable[[ValuedLine], Decimal] = lambda item: max(  # noqa: E731
        abs(item.value or Decimal(0)), abs(item.value_usd or Decimal(0))
    )
    size = add(measure(item) for item in valued)
    if size >= LIMIT:
        raise InvalidStatement(f"The positions add up to {size:.1E}: no portfolio is that large.")
