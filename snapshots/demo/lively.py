"""Sources for `make demo`: the same investor at each, with prices that move and a past."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal

from snapshots.demo.cointracking import CoinTrackingServer
from snapshots.demo.investor import cash_at, coins_at, saved_on, shares_at
from snapshots.demo.saxo import COSTS, Held, SaxoServer


class LivelyCoinTracking(CoinTrackingServer):
    def held_at(self, at: datetime) -> Sequence[tuple[str, str, str, str]]:
        return coins_at(at)

    def worth_at(self, at: datetime) -> Decimal:
        held = coins_at(at)
        return sum((Decimal(amount) * Decimal(price) for *_, amount, price in held), Decimal(0))


class LivelySaxo(SaxoServer):
    def held_at(self, at: datetime) -> Sequence[Held]:
        return shares_at(at)

    def cash_at(self, at: datetime) -> float:
        return cash_at(at)

    def worth_on(self, day: date) -> float:
        end = datetime.combine(day + timedelta(days=1), time.min, UTC)
        at = min(end, self.now())
        return round(cash_at(at) + COSTS + sum(value for *_, value in shares_at(at)), 2)

    def came_on(self, day: date) -> float:
        return saved_on(day)
