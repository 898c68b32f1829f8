"""CoinTracking's API: balances, also by exchange, gains, and the value of each day."""

from __future__ import annotations

import logging
from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any, ClassVar

from prices.venues.answers import shown
from snapshots.sources.base import (
    MAX_TEXT,
    MAX_TICKER,
    InvalidSettings,
    InvalidStatement,
    Part,
    Position,
    SourceUnavailable,
    Statement,
)
from snapshots.sources.cointracking import CURRENCIES
from snapshots.sources.cointracking_calls import CREDENTIAL, NAME, TIERS, Calls
from snapshots.sources.history import DailyValue
from snapshots.sources.numbers import LIMIT
from snapshots.sources.surroundings import Surroundings

logger = logging.getLogger(__name__)

AMOUNTS = Decimal("1e-6")  # by which two amounts of one coin may differ
SUMMARIES = ("TOTAL", "TOTAL_SUMMARY")  # rows of groups that are sums of the others
CENT = Decimal("0.01")
TOLERANCE = Decimal("0.001")  # of the total: each value is rounded to a cent, thousands of them


@dataclass(frozen=True, slots=True, kw_only=True)
class Gain:
    """What the amount of a coin cost, and what it is worth; in the account's currency."""

    ticker: str
    amount: Decimal
    cost: Decimal
    value: Decimal


class CoinTrackingApi:
    """An account at CoinTracking, asked with a key of its owner."""

    credential: ClassVar[Mapping[str, str]] = CREDENTIAL

    def __init__(
        self, around: Surroundings, *, per_hour: int, by_exchange: bool, gains: bool
    ) -> None:
        self._chance = around.chance
        self._calls = Calls(around, per_hour=per_hour)
        self._by_exchange = by_exchange
        self._wants_gains = gains

    @classmethod
    def configured(cls, settings: Mapping[str, Any], around: Surroundings) -> CoinTrackingApi:
        """Read `calls_per_hour`, 20 or 60; `by_exchange` and `gains`, each for a call more."""
        per_hour = settings.get("calls_per_hour", TIERS[0])
        if type(per_hour) is not int or per_hour not in TIERS:
            raise InvalidSettings(
                f"'calls_per_hour' is {per_hour!r}. Use 20 (CoinTracking Pro, Expert) or 60 "
                "(Unlimited)."
            )
        flags = {name: settings.get(name, False) for name in ("by_exchange", "gains")}
        for name, given in flags.items():
            if not isinstance(given, bool):
                raise InvalidSettings(f"{name!r} is {given!r}. Use true or false.")
        return cls(around, per_hour=per_hour, **flags)

    def fetch(self) -> Statement:
        """Return what CoinTracking counts now, with its own total to check it against."""
        asked_at = self._chance.now()
        answer = self._calls.ask("getBalance")
        currency = _text(answer, "account_currency", "getBalance").upper()
        positions = tuple(_balances(answer))
        total = _number(_object(answer, "summary", "getBalance"), "value_fiat", "getBalance")
        parts = [_checked("getBalance", positions, total, currency)]
        if self._by_exchange:
            positions, part = self._located(positions)
            parts.append(part)
        if self._wants_gains:
            positions = self._with_costs(positions)
        return Statement(
            positions=positions, parts=tuple(parts), currency=currency, as_of=asked_at, total=total
        )

    def gains(self, *, price: str = "oldest") -> tuple[Gain, ...]:
        """Return what each coin cost. `price`: which lots are sold first, as CoinTracking says."""
        answer = self._calls.ask("getGains", price=price)
        return tuple(
            Gain(
                ticker=_ticker(coin, row, "getGains"),
                amount=_number(row, "amount", "getGains"),
                cost=_number(row, "cost", "getGains"),
                value=_number(row, "current_value", "getGains"),
            )
            for coin, row in _rows(answer.get("gains"), "getGains")
        )

    def _with_costs(self, positions: tuple[Position, ...]) -> tuple[Position, ...]:
        """Return them with what they cost. Without an answer nobody knows that; they are whole."""
        try:
            gains = {gain.ticker: gain for gain in self.gains()}
        except (SourceUnavailable, InvalidStatement) as exc:
            logger.warning("What the coins cost is not known: %s", exc)
            return positions
        amounts: dict[str, Decimal] = defaultdict(Decimal)
        for position in positions:
            amounts[position.ticker] += position.amount
        return tuple(_with_cost(one, gains, amounts[one.ticker]) for one in positions)

    def history(self, since: datetime, until: datetime) -> tuple[DailyValue, ...]:
        """Return the account's value at the times of [since, until) that CoinTracking has.

        It adds a value of now, whatever was asked for: that is left out.
        """
        method = "getHistoricalSummary"
        bounds = {"start": str(int(since.timestamp())), "end": str(int(until.timestamp()))}
        answer = self._calls.ask(method, **bounds)
        totals = _object(_object(answer, "historical", method), "Total", method)
        values = [
            DailyValue(at=_instant(second), total=_number(totals, second, method), flow=None)
            for second in totals
        ]
        wanted = [value for value in values if since <= value.at < until]
        return tuple(sorted(wanted, key=lambda value: value.at))

    def _located(self, balances: tuple[Position, ...]) -> tuple[tuple[Position, ...], Part]:
        """Return the positions by exchange; those of the balance if that fails."""
        method = "getGroupedBalance"
        try:
            positions = tuple(_by_exchange(self._calls.ask(method, group="exchange")))
        except (SourceUnavailable, InvalidStatement) as exc:
            return balances, Part(method, is_ok=False, error=str(exc))
        missing = _unlike(balances, positions)
        if missing:
            error = f"by exchange there is another amount of {', '.join(missing[:5])}"
            return balances, Part(method, is_ok=False, error=error)
        return positions, Part(method)


def _with_cost(position: Position, gains: Mapping[str, Gain], amount: Decimal) -> Position:
    """Return it with its share of the cost; none if CoinTracking counts another amount there."""
    gain = gains.get(position.ticker)
    if gain is None or not amount or abs(gain.amount - amount) > AMOUNTS:
        return position
    return replace(position, cost=gain.cost * position.amount / amount)


def _balances(answer: Mapping[str, Any]) -> Iterator[Position]:
    for coin, row in _rows(answer.get("details"), "getBalance"):
        ticker = _ticker(coin, row, "getBalance")
        yield Position(
            ticker=ticker,
            kind="currency" if ticker in CURRENCIES else "coin",
            amount=_number(row, "amount", "getBalance"),
            value=_number(row, "value_fiat", "getBalance"),
            price=_number(row, "price_fiat", "getBalance") if "price_fiat" in row else None,
            part="getBalance",
        )


def _by_exchange(answer: Mapping[str, Any]) -> Iterator[Position]:
    method = "getGroupedBalance"
    for group, coins in _rows(answer.get("details"), method):
        for coin, row in _rows(coins, method):
            if coin in SUMMARIES or group in SUMMARIES:
                continue
            ticker = _ticker(coin, row, method)
            yield Position(
                ticker=ticker,
                kind="currency" if ticker in CURRENCIES else "coin",
                amount=_number(row, "amount", method),
                value=_number(row, "fiat", method),
                location=str(group).removesuffix(" BALANCE")[:MAX_TEXT],
                part=method,
            )


def _checked(name: str, positions: tuple[Position, ...], total: Decimal, currency: str) -> Part:
    """Return the part, failed if the positions do not add up to what the source says they do."""
    found = sum((position.value or Decimal(0) for position in positions), Decimal(0))
    most = max(CENT * (len(positions) + 1), abs(total) * TOLERANCE)
    if abs(found - total) <= most:
        return Part(name)
    error = (
        f"the positions add up to {found} {currency}, but the total is {total}: some are missing"
    )
    return Part(name, is_ok=False, error=error)


def _unlike(balances: tuple[Position, ...], located: tuple[Position, ...]) -> list[str]:
    """Return the tickers whose amounts differ."""
    amounts: dict[str, Decimal] = {}
    for position in balances:
        amounts[position.ticker] = amounts.get(position.ticker, Decimal(0)) + position.amount
    for position in located:
        amounts[position.ticker] = amounts.get(position.ticker, Decimal(0)) - position.amount
    return sorted(ticker for ticker, rest in amounts.items() if abs(rest) > AMOUNTS)


def _rows(given: Any, method: str) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield names and objects; PHP writes an empty one as a list."""
    if given == []:
        return
    if not isinstance(given, dict):
        raise InvalidStatement(f"{NAME} {method} has no rows, but {shown(given)}.")
    for name, row in given.items():
        if not isinstance(row, dict):
            raise InvalidStatement(f"{NAME} {method}: {shown(name)} is {shown(row)}.")
        yield name, row


def _object(answer: Mapping[str, Any], name: str, method: str) -> dict[str, Any]:
    given = answer.get(name)
    if given == []:
        return {}
    if not isinstance(given, dict):
        raise InvalidStatement(f"{NAME} {method} lacks {name!r}: {shown(given)}.")
    return given


def _ticker(coin: str, row: Mapping[str, Any], method: str) -> str:
    ticker = str(row.get("coin") or coin).strip()
    if not 0 < len(ticker) <= MAX_TICKER:
        raise InvalidStatement(f"{NAME} {method}: {shown(ticker)} is no ticker.")
    return ticker


def _text(answer: Mapping[str, Any], name: str, method: str) -> str:
    value = answer.get(name)
    if not isinstance(value, str) or not value.strip():
        raise InvalidStatement(f"{NAME} {method}: {name!r} is {shown(value)}, expected text.")
    return value.strip()


def _number(row: Mapping[str, Any], name: str, method: str) -> Decimal:
    """Return a number, which CoinTracking sends as text."""
    value = row.get(name)
    try:
        if isinstance(value, bool) or not isinstance(value, (str, int, Decimal)):
            raise ValueError
        number = Decimal(value)
        if not number.is_finite() or abs(number) >= LIMIT:
            raise ValueError
    except (ValueError, ArithmeticError) as exc:
        raise InvalidStatement(
            f"{NAME} {method}: {name!r} is {shown(value)}, expected a number."
        ) from exc
    return number


def _instant(second: str) -> datetime:
    if not (second.isascii() and second.isdigit() and len(second) < 12):
        raise InvalidStatement(f"{NAME} getHistoricalSummary: {shown(second)} is no time.")
    return datetime.fromtimestamp(int(second), UTC)
