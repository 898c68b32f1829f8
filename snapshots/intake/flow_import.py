"""Turn what sources tell of the past into flows: what came into an account, and what left it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction

from snapshots.models import Account, Flow
from snapshots.sources.cointracking import CURRENCIES
from snapshots.sources.history import DailyValue
from snapshots.sources.trade_table import Amount, Movement, Trade, movements_of

TRADES, SERIES = "cointracking", "saxo_api"
ON_ITS_WAY = timedelta(days=3)  # from leaving one exchange to arriving at another
LEAST_ARRIVING = Decimal("0.9")  # of what left: the rest were fees
SHOWN = 5


@dataclass(slots=True)
class Imported:
    """What became of the rows.

    known      they were there already: from the source, or entered by somebody
    since      when the earliest flow was that is new; None = none is
    movements  what trades and transfers did that are no flows: they are not kept
    unvalued   coins that came or left, and whose value then is not known
    unlike     days of which something else is entered than the source tells
    refused    flows that could not be kept, and why
    unknown    words for types that are neither deposits nor withdrawals, with how often
    """

    added: int = 0
    known: int = 0
    transfers: int = 0
    since: datetime | None = None
    movements: list[Movement] = field(default_factory=list)
    unvalued: list[str] = field(default_factory=list)
    unlike: list[str] = field(default_factory=list)
    refused: list[str] = field(default_factory=list)
    unknown: Counter[str] = field(default_factory=Counter)

    @property
    def is_whole(self) -> bool:
        """Tell whether each flow that there was is kept."""
        return not (self.unvalued or self.unlike or self.refused)


def import_trades(account: Account, trades: Sequence[Trade]) -> Imported:
    """Keep the deposits and withdrawals of money; coins between exchanges stay in the account.

    A deposit of coins that left no other exchange has no value in the table: it is named, to be
    entered by hand. Importing the same table again adds nothing.
    """
    imported = Imported()
    imported.unknown.update(trade.type for trade in trades if trade.kind == "other")
    arrived, left = _apart(trades)
    imported.transfers = 2 * len(arrived)
    imported.movements = _movements(account, trades, left)
    with transaction.atomic():
        for trade, number in _numbered(left):
            amount = trade.bought or trade.sold
            assert amount is not None  # noqa: S101 (a row without one is not read)
            units = amount.units if trade.bought else -amount.units
            if amount.ticker not in CURRENCIES:
                what = f"line {trade.line}: {units} {amount.ticker} at {trade.at:%Y-%m-%d %H:%M}Z"
                imported.unvalued.append(what)
                continue
            _keep(
                imported,
                account,
                at=trade.at,
                amount=units,
                currency=amount.ticker,
                source=TRADES,
                external_id=f"{trade.at:%Y-%m-%dT%H:%M:%SZ} {units} {amount.ticker} "
                f"{trade.exchange[:100]} #{number}",
                note=trade.comment[:500],
            )
    return imported


def import_series(account: Account, days: Iterable[DailyValue]) -> Imported:
    """Keep what came and went on each day, by its date: a day that was corrected is not.

    What somebody entered is not doubled; where that is another sum the day is named.
    """
    imported = Imported()
    others = _Others(account)
    with transaction.atomic():
        for day in days:
            if not day.flow:
                continue
            at = day.at - timedelta(minutes=1)  # still within the day
            if others.have(day.flow, at):
                imported.known += 1
                continue
            if entered := others.on_the_day_of(at):
                imported.unlike.append(
                    f"{at.astimezone(account.zone):%Y-%m-%d}: the source tells "
                    f"{day.flow:,.2f} {account.currency}, and entered is "
                    f"{' and '.join(map(str, entered))}"
                )
                continue
            _keep(
                imported,
                account,
                at=at,
                amount=day.flow,
                currency=account.currency,
                source=SERIES,
                external_id=f"{at.astimezone(account.zone):%Y-%m-%d}",
            )
    return imported


def some(texts: Sequence[str], between: str) -> str:
    """Return the first of `texts` as one, and how many more there are."""
    more = f" and {len(texts) - SHOWN} more" if len(texts) > SHOWN else ""
    return between.join(text.rstrip(".") for text in texts[:SHOWN]) + more


class _Others:
    """The flows of an account that its series did not bring: each stands for one of its days."""

    def __init__(self, account: Account) -> None:
        self._account = account
        self._left = list(Flow.objects.filter(account=account).exclude(source=SERIES))

    def have(self, amount: Decimal, at: datetime) -> bool:
        """Take what is the same as a day of the series, booked within a few days; or all of it."""
        same = [one for one in self._left if one.amount == amount and self._is_near(one, at)]
        found = same[:1]
        if not found:
            found = self.on_the_day_of(at)
            is_all = sum((one.amount for one in found), Decimal(0)) == amount
            found = found if is_all and all(map(self._is_in_currency, found)) else []
        self._left = [one for one in self._left if one not in found]
        return bool(found)

    def on_the_day_of(self, at: datetime) -> list[Flow]:
        zone = self._account.zone
        day = at.astimezone(zone).date()
        return [one for one in self._left if one.at.astimezone(zone).date() == day]

    def _is_near(self, flow: Flow, at: datetime) -> bool:
        return self._is_in_currency(flow) and abs(flow.at - at) <= ON_ITS_WAY

    def _is_in_currency(self, flow: Flow) -> bool:
        return flow.currency == self._account.currency


def _movements(
    account: Account, trades: Sequence[Trade], outside: Sequence[Trade]
) -> list[Movement]:
    """Return what changed and is no flow: neither of this table, nor one that was entered."""
    flows = {trade.line for trade in outside if _ticker(trade) in CURRENCIES}
    entered = Flow.objects.filter(account=account).exclude(ticker="")
    known = set(entered.values_list("ticker", "quantity"))
    return [
        movement
        for trade in trades
        if trade.line not in flows
        for movement in movements_of(trade)
        if (movement.ticker, movement.units) not in known
    ]


def _ticker(trade: Trade) -> str:
    amount = trade.bought or trade.sold
    return amount.ticker if amount else ""


def _apart(trades: Sequence[Trade]) -> tuple[list[Trade], list[Trade]]:
    """Return the deposits that another exchange of the account sent, and all other movements."""
    out = sorted((one for one in trades if one.kind == "withdrawal"), key=_time)
    arrived: list[Trade] = []
    others: list[Trade] = []
    for deposit in sorted((one for one in trades if one.kind == "deposit"), key=_time):
        sender = next((one for one in out if _is_sent(one, deposit)), None)
        if sender is None:
            others.append(deposit)
            continue
        out.remove(sender)
        arrived.append(deposit)
    return arrived, sorted([*others, *out], key=_time)


def _is_sent(out: Trade, deposit: Trade) -> bool:
    """Tell whether a deposit is what left somewhere else shortly before, less fees."""
    sent, came = out.sold, deposit.bought
    if sent is None or came is None or sent.ticker != came.ticker:
        return False
    in_time = timedelta(0) <= deposit.at - out.at <= ON_ITS_WAY
    return in_time and sent.units * LEAST_ARRIVING <= came.units <= sent.units


def _numbered(trades: Iterable[Trade]) -> Iterator[tuple[Trade, int]]:
    """Yield trades with a number that tells those apart that are the same."""
    seen: Counter[tuple[datetime, Amount | None, Amount | None, str]] = Counter()
    for trade in trades:
        same = (trade.at, trade.bought, trade.sold, trade.exchange)
        seen[same] += 1
        yield trade, seen[same]


def _keep(imported: Imported, account: Account, **values: Any) -> None:
    try:
        flow, is_new = Flow.objects.record(account=account, **values)
    except ValidationError as exc:
        imported.refused.append(f"{values['at']:%Y-%m-%d}: {' '.join(exc.messages)}")
        return
    imported.added += is_new
    imported.known += not is_new
    if is_new:
        imported.since = min(flow.at, imported.since or flow.at)


def _time(trade: Trade) -> datetime:
    return trade.at
