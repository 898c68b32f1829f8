"""What a snapshot must pass to be accepted: six guards, in their order; pure.

Each looks at the last counted snapshot (before) and the new one (after), and returns what it
objects to, or None. Market moves alone pass: quantities are compared, at the prices of before.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal, localcontext
from statistics import median
from typing import Literal

Guard = Literal["G1", "G2", "G3", "G4", "G5", "G6"]
SAME_QUOTE = Decimal("0.1")  # an independent price within a tenth agrees
LEAST_STEPS = 20  # without so many changes nobody knows what is usual
ZERO = Decimal(0)
Place = tuple[str, str]  # location and part


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """Beyond which a guard objects; see SNAPSHOT_GUARD_… in the settings."""

    vanished: Decimal = Decimal("0.02")  # of the value before, without an explanation
    share: Decimal = Decimal("0.1")  # that the share of a place may fall in one step
    jump: Decimal = Decimal("0.3")  # of a price
    deviations: Decimal = Decimal(8)  # median absolute ones


@dataclass(frozen=True, slots=True)
class Objection:
    """What a guard has to say; `blocks` False = a notice only."""

    guard: Guard
    says: str
    blocks: bool = True

    def as_json(self) -> dict[str, object]:
        return {"guard": self.guard, "says": self.says, "blocks": self.blocks}


@dataclass(frozen=True, slots=True, kw_only=True)
class Amount:
    """So much of one thing in one place. price: in the account's currency; None = unpriced."""

    ticker: str
    quantity: Decimal
    price: Decimal | None
    location: str = ""
    part: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Changes:
    """What is known to have happened in between, as trades and flows.

    net_flow    what came in, in the account's currency; negative for what left
    quantities  by ticker, of trades and of flows that are not in `net_flow`
    """

    net_flow: Decimal = ZERO
    quantities: Mapping[str, Decimal] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """All that the guards look at.

    problems  why the answer is not complete
    before    None = there is nothing to compare with
    quotes    independent prices by ticker, where there are any
    steps     earlier changes of the total from snapshot to snapshot, as fractions
    """

    problems: Sequence[str]
    total: Decimal
    after: Sequence[Amount]
    before: Sequence[Amount] | None = None
    total_before: Decimal | None = None
    changes: Changes = Changes()
    quotes: Mapping[str, Decimal] = field(default_factory=dict)
    steps: Sequence[float] = ()
    limits: Limits = Limits()


def objections(evidence: Evidence) -> list[Objection]:
    """Return what the guards object to, in their order."""
    with localcontext(prec=50):
        said = [guard(evidence) for guard in GUARDS]
    return [objection for objection in said if objection is not None]


def is_complete(evidence: Evidence) -> Objection | None:
    """G1: each part answered, each position has a price, the source stands by it."""
    if not evidence.problems:
        return None
    return Objection("G1", " ".join(evidence.problems))


def is_explained(evidence: Evidence) -> Objection | None:
    """G2: what vanished was sold, spent or sent away.

    What appeared in the same step counts as the other side of a trade, but for what is known to
    have come from outside.
    """
    if not evidence.before or not evidence.total_before:
        return None
    shrunk, grown = _moves(evidence)
    flow = evidence.changes.net_flow
    came, left, bought = max(flow, ZERO), min(flow, ZERO), add(grown.values())
    unexplained = _towards_zero(add(shrunk.values()), left - max(ZERO, bought - came))
    unexplained = _towards_zero(unexplained, came - min(ZERO, bought))  # of debts that shrank
    share = abs(unexplained / evidence.total_before)
    if share <= evidence.limits.vanished:
        return None
    names = ", ".join(sorted(shrunk, key=lambda ticker: -abs(shrunk[ticker]))[:5])
    return Objection(
        "G2", f"{share:.1%} of the value vanished, and no trade or transfer is known: {names}."
    )


def is_spread_alike(evidence: Evidence) -> Objection | None:
    """G3: no exchange, wallet or part loses its share in one step, unless it moved elsewhere."""
    if not evidence.before or not evidence.total_before:
        return None
    for place, fall in _falls(evidence).items():
        share = fall / abs(evidence.total_before)
        if share > evidence.limits.share:
            name = " of ".join(dict.fromkeys(text for text in place if text)) or "one place"
            return Objection(
                "G3", f"{name} lost {share * 100:.1f} points of its share in one step."
            )
    return None


def is_priced_alike(evidence: Evidence) -> Objection | None:
    """G4: no price jumps that an independent one does not confirm; without one it may be so."""
    known = {item.ticker: item.price for item in evidence.before or () if item.price}
    for item in evidence.after:
        price, quote = item.price, evidence.quotes.get(item.ticker)
        old = known.get(item.ticker)
        if not price or not old or not quote:
            continue
        jump = abs(price / old - 1)
        if jump > evidence.limits.jump and abs(price / quote - 1) > SAME_QUOTE:
            return Objection(
                "G4",
                f"The price of {item.ticker} changed by {jump:.0%} to {price:.6g}, and another "
                f"source has {quote:.6g}.",
            )
    return None


def is_positive(evidence: Evidence) -> Objection | None:
    """G5: the total is a number, and more than 0, unless it was not so before either."""
    total, before = evidence.total, evidence.total_before
    if total.is_finite() and (total > 0 or (before is not None and before <= 0)):
        return None
    return Objection("G5", f"The total is {total:,.2f}.")


def is_usual(evidence: Evidence) -> Objection | None:
    """G6: the change is one that is usual for this account. A notice only: markets do crash."""
    before = evidence.total_before
    if not before or len(evidence.steps) < LEAST_STEPS or not evidence.total.is_finite():
        return None
    middle = median(evidence.steps)
    deviation = median(abs(step - middle) for step in evidence.steps)
    change = float(evidence.total / before - 1)
    if deviation == 0 or abs(change - middle) <= float(evidence.limits.deviations) * deviation:
        return None
    return Objection("G6", f"A change of {change:+.1%} is unusual for this account.", blocks=False)


GUARDS: tuple[Callable[[Evidence], Objection | None], ...] = (
    is_complete, is_explained, is_spread_alike, is_priced_alike, is_positive, is_usual,
)  # fmt: skip


def add(values: Iterable[Decimal]) -> Decimal:
    return sum(values, ZERO)


def _towards_zero(amount: Decimal, by: Decimal) -> Decimal:
    """Take `by` off `amount`, if they have one sign, and stop at 0."""
    if amount * by <= 0:
        return amount
    return amount - by if abs(by) < abs(amount) else ZERO


def _moves(evidence: Evidence) -> tuple[dict[str, Decimal], dict[str, Decimal]]:
    """Return by ticker what shrank and what grew, over all places, in value at known prices.

    Signed: less of an asset is negative, less of a debt positive.
    """
    old, new = _by_ticker(evidence.before or ()), _by_ticker(evidence.after)
    shrunk: dict[str, Decimal] = {}
    grown: dict[str, Decimal] = {}
    for ticker in old.keys() | new.keys():
        quantity, price = old.get(ticker, (ZERO, None))
        later, later_price = new.get(ticker, (ZERO, None))
        step = later - quantity - evidence.changes.quantities.get(ticker, ZERO)
        worth = step * (price or later_price or ZERO)
        if worth:
            (shrunk if quantity * step < 0 else grown)[ticker] = worth
    return shrunk, grown


def _by_ticker(amounts: Sequence[Amount]) -> dict[str, tuple[Decimal, Decimal | None]]:
    found: dict[str, tuple[Decimal, Decimal | None]] = {}
    for item in amounts:
        quantity, price = found.get(item.ticker, (ZERO, None))
        found[item.ticker] = (quantity + item.quantity, price or item.price)
    return found


def _falls(evidence: Evidence) -> dict[Place, Decimal]:
    """Return by place the value that left it and neither moved to another one nor is explained.

    A trade in one place leaves its value there: what it gained is counted against what it lost.
    """
    prices = {ticker: price for ticker, (_, price) in _by_ticker(evidence.after).items()}
    prices |= {t: p for t, (_, p) in _by_ticker(evidence.before or ()).items() if p}
    steps: dict[str, dict[Place, Decimal]] = defaultdict(lambda: defaultdict(Decimal))
    for amounts, sign in ((evidence.before or (), -1), (evidence.after, 1)):
        for item in amounts:
            worth = sign * item.quantity * (prices.get(item.ticker) or ZERO)
            steps[item.ticker][item.location, item.part] += worth
    net: dict[Place, Decimal] = defaultdict(Decimal)
    for ticker, places in steps.items():
        known = evidence.changes.quantities.get(ticker, ZERO) * (prices.get(ticker) or ZERO)
        lost = add(worth for worth in places.values() if worth < 0)
        won = add(worth for worth in places.values() if worth > 0)
        # What another place won of the same ticker, and what is known, makes each fall smaller.
        left = min(ZERO, lost + won - min(ZERO, known)) / lost if lost else ZERO
        for place, worth in places.items():
            net[place] += worth * left if worth < 0 else max(ZERO, worth + min(ZERO, lost))
    flow = min(evidence.changes.net_flow, ZERO)
    return {place: -worth + flow for place, worth in net.items() if worth < 0}
