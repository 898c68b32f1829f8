"""An account at Saxo, asked through its OpenAPI: cash, positions, and the value of past days."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from typing import Any, ClassVar

from prices.venues.answers import read_number, read_text, shown
from prices.venues.base import InvalidAnswer
from snapshots.sources.base import (
    MAX_TEXT,
    MAX_TICKER,
    Part,
    Position,
    SourceUnavailable,
    Statement,
)
from snapshots.sources.calling import as_source_errors
from snapshots.sources.history import DailyValue
from snapshots.sources.saxo_calls import SaxoCalls
from snapshots.sources.saxo_tokens import CREDENTIAL, NAME
from snapshots.sources.surroundings import Surroundings

BALANCES, POSITIONS = "port/v1/balances/me", "port/v1/positions/me"
CLIENT, SERIES = "port/v1/clients/me", "hist/v4/performance/timeseries"
FIELD_GROUPS = "PositionBase,PositionView,DisplayAndFormat"
PAGE = "500"
# All else that it says of its own number means that the number may be wrong.
RELIABLE = ("Ok", "OkWithConditions")
TOLERANCE = Decimal("0.005")  # of the total: prices move between two calls
LEAST_TOLERANCE = Decimal(1)  # in the account's currency
DAY = timedelta(days=1)
SOON = timedelta(minutes=15)  # the keep-alive comes every ten: a session is renewed in time
NUMBERS_BESIDE = {  # what the total has beside cash and positions
    "CostToClosePositions": "Costs to close positions",
    "TransactionsNotBooked": "Not booked yet",
}


class SaxoApi:
    """An account whose owner has logged in for us. Prices may be delayed: that is never changed,
    because it would cost the owner his own session."""

    credential: ClassVar[Mapping[str, str]] = CREDENTIAL

    def __init__(self, around: Surroundings) -> None:
        self._around = around
        self._calls = SaxoCalls(around)

    @classmethod
    def configured(cls, settings: Mapping[str, Any], around: Surroundings) -> SaxoApi:
        """Read nothing: who is asked depends on the login."""
        return cls(around)

    def keep_alive(self) -> bool:
        """Renew the session if it ends soon; return whether it was. Raise SourceError."""
        session = self._around.login.session()
        if session.access_until - self._around.chance.now() > SOON:
            return False
        self._calls.renewed(session)
        return True

    def fetch(self) -> Statement:
        """Return cash and positions, with what Saxo itself says of how far to trust them."""
        asked_at = self._around.chance.now()
        balance = self._calls.get(BALANCES)
        with as_source_errors(self._around.login):
            where = f"{NAME} {BALANCES}"
            currency = read_text(balance, "Currency", where)
            total = read_number(balance, "TotalValue", where)
            cash = _cash(balance, currency, where)
        positions, part, doubts = self._positions(asked_at)
        if part.is_ok:
            part = _checked(part, (*cash, *positions), total)
        own = str(balance.get("CalculationReliability", "Ok"))
        doubts = [*([f"balance: {own}"] if own not in RELIABLE else []), *doubts]
        return Statement(
            positions=(*cash, *positions),
            parts=(Part("balances"), part),
            currency=currency,
            as_of=asked_at,
            reliability="doubtful" if doubts else "ok",
            doubt="; ".join(doubts[:5]),
            total=total,
        )

    def history(self, since: datetime, until: datetime) -> tuple[DailyValue, ...]:
        """Return the value at the end of each day, and what came and went on it."""
        zone = self._around.zone
        client = self._calls.get(CLIENT)
        with as_source_errors(self._around.login):
            client_key = read_text(client, "ClientKey", f"{NAME} {CLIENT}")
        first, last = since.astimezone(zone).date(), (until - DAY).astimezone(zone).date()
        answer = self._calls.get(
            SERIES,
            ClientKey=client_key,
            FieldGroups="Balance",
            FromDate=first.isoformat(),
            ToDate=last.isoformat(),
        )
        with as_source_errors(self._around.login):
            balance = answer.get("Balance")
            if not isinstance(balance, dict):
                raise InvalidAnswer(f"{NAME} {SERIES} has no balance: {shown(balance)}.")
            totals = _series(balance, "AccountValue")
            cash = _series(balance, "CashTransfer")
            securities = _series(balance, "SecurityTransfer")
        return tuple(
            DailyValue(
                at=self._end_of(day),
                total=totals[day],
                flow=cash.get(day, Decimal(0)) + securities.get(day, Decimal(0)),
            )
            for day in sorted(totals)
            if first <= day <= last
        )

    def _positions(self, asked_at: datetime) -> tuple[tuple[Position, ...], Part, list[str]]:
        """Return all positions, or none if a page is missing: half of them is no portfolio."""
        given = {"FieldGroups": FIELD_GROUPS, "$top": PAGE}
        try:
            rows, announced = self._calls.rows(POSITIONS, **given)
        except SourceUnavailable as exc:
            return (), Part("positions", is_ok=False, error=str(exc)), []
        with as_source_errors(self._around.login):
            told = [_position(row, asked_at) for row in rows]
        found = tuple(position for position, _ in told)
        if announced is not None and announced != len(found):
            error = f"there are {announced} positions, and {len(found)} were told"
            return (), Part("positions", is_ok=False, error=error), []
        doubts = [f"{one.ticker}: {said}" for one, said in told if said not in RELIABLE]
        return found, Part("positions"), doubts

    def _end_of(self, day: date) -> datetime:
        return datetime.combine(day + DAY, time.min, self._around.zone).astimezone(UTC)


def _cash(balance: Mapping[str, Any], currency: str, where: str) -> tuple[Position, ...]:
    amount = read_number(balance, "CashBalance", where)
    own = Position(ticker=currency, kind="currency", amount=amount, value=amount, part="balances")
    others = [
        Position(
            ticker=field,
            name=name,
            kind="other",
            amount=read_number(balance, field, where),
            value=read_number(balance, field, where),
            part="balances",
        )
        for field, name in NUMBERS_BESIDE.items()
        if balance.get(field)
    ]
    return (own, *others)


def _position(row: Mapping[str, Any], asked_at: datetime) -> tuple[Position, str]:
    where = f"{NAME} {POSITIONS}"
    base, view = (_object(row, name, where) for name in ("PositionBase", "PositionView"))
    shape = row.get("DisplayAndFormat")
    told = shape if isinstance(shape, dict) else {}
    uic = f"{base.get('Uic')}:{base.get('AssetType')}"
    field = "MarketValueInBaseCurrency"
    if field not in view:  # of what is traded on margin
        field = "ProfitLossOnTradeInBaseCurrency"
    delay = view.get("CurrentPriceDelayMinutes", 0)
    late = timedelta(minutes=delay if type(delay) is int and 0 <= delay < 100_000 else 0)
    is_priced = "CurrentPrice" in view and bool(told.get("Currency"))
    position = Position(
        ticker=str(told.get("Symbol") or uic)[:MAX_TICKER],
        name=str(told.get("Description", ""))[:MAX_TEXT],
        kind="other",
        location=str(base.get("AccountId", ""))[:MAX_TEXT],
        amount=read_number(base, "Amount", where),
        value=read_number(view, field, where),
        part="positions",
        priced_at=asked_at - late,
        native_currency=str(told["Currency"])[:10] if is_priced else "",
        native_price=read_number(view, "CurrentPrice", where) if is_priced else None,
    )
    return position, str(view.get("CalculationReliability", "Ok"))


def _checked(part: Part, positions: tuple[Position, ...], total: Decimal) -> Part:
    found = sum((position.value or Decimal(0) for position in positions), Decimal(0))
    if abs(found - total) <= max(LEAST_TOLERANCE, abs(total) * TOLERANCE):
        return part
    error = f"cash and positions add up to {found}, but the total is {total}"
    return Part(part.name, is_ok=False, error=error)


def _object(row: Mapping[str, Any], name: str, where: str) -> Mapping[str, Any]:
    value = row.get(name)
    if not isinstance(value, dict):
        raise InvalidAnswer(f"{where}: {name!r} is {shown(value)}, expected an object.")
    return value


def _series(balance: Mapping[str, Any], name: str) -> dict[date, Decimal]:
    """Return the values by day; a series that is missing has none."""
    where = f"{NAME} {SERIES} {name}"
    rows = balance.get(name, [])
    if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
        raise InvalidAnswer(f"{where} is {shown(rows)}.")
    values: dict[date, Decimal] = {}
    for row in rows:
        try:
            day = date.fromisoformat(read_text(row, "Date", where)[:10])
        except ValueError as exc:
            raise InvalidAnswer(f"{where}: {shown(row.get('Date'))} is no date.") from exc
        values[day] = read_number(row, "Value", where)
    return values
