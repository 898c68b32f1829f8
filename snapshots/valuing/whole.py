"""What a source answered, made whole where a part of it did not answer; pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from decimal import Decimal, localcontext

from snapshots.sources.base import Part, Position, SourceError, Statement
from snapshots.valuing.rates import Rates

MAX_NAMED = 5  # tickers in a message


@dataclass(frozen=True, slots=True)
class Line:
    """A position as it enters a snapshot.

    is_carried  its amount or its price is of an earlier snapshot
    """

    position: Position
    is_carried: bool = False

    @property
    def place(self) -> tuple[str, str, str]:
        return self.position.ticker, self.position.location, self.position.part


@dataclass(frozen=True, slots=True, kw_only=True)
class Piece:
    """A part of a snapshot.

    as_of            when its values are from; None = it has none
    lines            None = it did not answer, and nothing stands in for it
    dust_count       positions of a carried part that were not kept; their worth is `dust_value`
    carried_from_at  the slot whose values stand in; None = they are its own
    """

    name: str
    error: str = ""
    as_of: datetime | None = None
    lines: tuple[Line, ...] | None = None
    dust_count: int = 0
    dust_value: Decimal = Decimal(0)
    carried_from_at: datetime | None = None

    @property
    def is_ok(self) -> bool:
        return not self.error

    @property
    def value(self) -> Decimal | None:
        if self.lines is None:
            return None
        return add(line.position.value for line in self.lines) + self.dust_value


@dataclass(frozen=True, slots=True, kw_only=True)
class Reference:
    """The last counted snapshot, which the new one is compared with and carried from.

    rates          that it was valued with
    has_positions  False = they were cleaned up, or somebody said what the total was
    earlier        of the latter: the last one before it that was taken, with its positions
    """

    slot_at: datetime
    as_of: datetime
    currency: str
    total: Decimal
    pieces: Mapping[str, Piece]
    rates: Rates | None = None
    has_positions: bool = True
    earlier: Reference | None = None

    @property
    def is_empty(self) -> bool:
        """Tell whether the account was known to be worth nothing."""
        return self.total == 0

    @property
    def lines(self) -> tuple[Line, ...]:
        return tuple(line for piece in self.pieces.values() for line in piece.lines or ())

    def compared_with(self, total: Decimal, *, within: Decimal) -> Reference:
        """Return whose positions those of a new total are compared with.

        within  a share: a total so near to what somebody said is as he said
        """
        if self.earlier is None or abs(total - self.total) <= within * abs(self.total):
            return self
        return self.earlier


@dataclass(frozen=True, slots=True, kw_only=True)
class Whole:
    """All parts, each with an answer, with what stands in for it, or with nothing.

    failures  the parts that did not answer, and why
    doubts    why what was answered may be wrong
    """

    pieces: tuple[Piece, ...]
    failures: tuple[str, ...] = ()
    doubts: tuple[str, ...] = ()
    note: str = ""

    @property
    def lines(self) -> tuple[Line, ...]:
        return tuple(line for piece in self.pieces for line in piece.lines or ())

    @property
    def missing(self) -> tuple[Piece, ...]:
        return tuple(piece for piece in self.pieces if piece.lines is None)

    @property
    def is_complete(self) -> bool:
        return not self.failures and not self.doubts

    @property
    def as_of(self) -> datetime | None:
        """When the oldest of its data is from; None = it has none."""
        return min((piece.as_of for piece in self.pieces if piece.as_of), default=None)

    @property
    def is_carried(self) -> bool:
        return any(piece.carried_from_at for piece in self.pieces) or any(
            line.is_carried for line in self.lines
        )


def make_whole(
    answer: Statement | SourceError,
    reference: Reference | None,
    *,
    at: datetime,
    max_age: timedelta,
) -> Whole:
    """Put the last accepted values where a part or a price is missing, unless they are too old.

    at       the instant that the snapshot stands for
    max_age  of what may stand in
    """
    stock = _Stock(reference, at - max_age)
    if isinstance(answer, SourceError):
        names = list(reference.pieces) if reference else []
        parts = [Part(name, is_ok=False, error=str(answer)) for name in names or ["source"]]
        return Whole(pieces=tuple(stock.in_for(part) for part in parts), failures=(str(answer),))
    pieces = tuple(
        _answered(part, answer, stock) if part.is_ok else stock.in_for(part)
        for part in answer.parts
    )
    return Whole(
        pieces=pieces,
        failures=tuple(_failures(answer)),
        doubts=(*_doubts(answer), *_unpriced(pieces, stock)),
        note=_gap_to_total(answer, pieces),
    )


class _Stock:
    """What of the last counted snapshot may stand in."""

    def __init__(self, reference: Reference | None, oldest: datetime) -> None:
        self._reference = reference
        self._oldest = oldest
        lines = reference.lines if reference and reference.has_positions else ()
        self._lines = {line.place: line for line in lines}

    def in_for(self, part: Part) -> Piece:
        error = part.error or "It did not answer."
        piece = self._find(part.name)
        if self._reference is None or piece is None or not self._is_young(piece.as_of):
            return Piece(name=part.name, error=error)
        lines = tuple(replace(line, is_carried=True) for line in piece.lines or ())
        since = piece.carried_from_at or self._reference.slot_at
        return replace(piece, error=error, lines=lines, carried_from_at=since)

    def price_of(self, position: Position) -> tuple[Decimal, datetime] | None:
        """Return the last price of a position and when it was so; None: none, or too old."""
        line = self._lines.get((position.ticker, position.location, position.part))
        if line is None or self._reference is None:
            return None
        at = line.position.priced_at or self._reference.as_of
        price = price_of(line.position)
        return (price, at) if price is not None and self._is_young(at) else None

    def is_unpriced(self, line: Line) -> bool:
        """Tell whether the last counted snapshot had no price for it either."""
        known = self._lines.get(line.place)
        return known is not None and known.position.value is None

    def _find(self, name: str) -> Piece | None:
        if self._reference is None or not self._reference.has_positions:
            return None
        return self._reference.pieces.get(name)

    def _is_young(self, at: datetime | None) -> bool:
        return at is not None and at >= self._oldest


def _answered(part: Part, statement: Statement, stock: _Stock) -> Piece:
    is_only = len(statement.parts) == 1
    own = [
        replace(position, part=part.name)
        for position in statement.positions
        if is_only or position.part == part.name
    ]
    return Piece(
        name=part.name, as_of=statement.as_of, lines=tuple(_line(item, stock) for item in own)
    )


def _line(position: Position, stock: _Stock) -> Line:
    if position.value is not None:
        return Line(position)
    known = stock.price_of(position)
    if known is None:
        return Line(position)
    price, at = known
    with localcontext(prec=80):
        worth = position.amount * price
    return Line(replace(position, price=price, priced_at=at, value=worth), is_carried=True)


def _failures(statement: Statement) -> Iterable[str]:
    for part in statement.parts:
        if not part.is_ok:
            yield f"{part.name}: {part.error or 'It did not answer.'}"


def _doubts(statement: Statement) -> Iterable[str]:
    if statement.reliability != "ok":
        yield f"The source doubts its own numbers: {statement.doubt or statement.reliability}."


def _unpriced(pieces: Sequence[Piece], stock: _Stock) -> Iterable[str]:
    lines = [line for piece in pieces for line in piece.lines or ()]
    names = [
        line.position.ticker
        for line in lines
        if line.position.value is None and not stock.is_unpriced(line)
    ]
    if names:
        more = len(names) - MAX_NAMED
        text = ", ".join(names[:MAX_NAMED]) + (f" and {more} more" if more > 0 else "")
        yield f"Without a price: {text}. A total without them would be wrong."


def _gap_to_total(statement: Statement, pieces: Sequence[Piece]) -> str:
    if statement.total is None or not statement.is_complete:
        return ""
    found = add(piece.value for piece in pieces)
    gap = found - statement.total
    if abs(gap) * 100 <= abs(statement.total):
        return ""
    return f"The source says {statement.total:,.2f} in total; its positions add up to {found:,.2f}."


def price_of(position: Position) -> Decimal | None:
    """Return the price per unit, told or implied by the value; None = unpriced."""
    if position.value is None:
        return None
    if position.price is not None:
        return position.price
    return position.value / position.amount if position.amount else None


def add(values: Iterable[Decimal | None]) -> Decimal:
    """Return the exact sum of those that are known."""
    with localcontext(prec=80):
        return sum((value for value in values if value is not None), Decimal(0))
