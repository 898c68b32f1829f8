"""Decide how far an answer can be trusted: the guards, with all that they look at."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal

from django.conf import settings

from snapshots.capture.guards import Amount, Evidence, Limits, Objection, objections
from snapshots.capture.references import amounts_of, find_changes, find_quotes, find_steps
from snapshots.models import Account
from snapshots.valuing.valuation import Valuation
from snapshots.valuing.whole import Line, Reference, Whole

SHADOWED = ("G2", "G3", "G4")  # whose limits are proposals: see SNAPSHOT_GUARDS
QUOTE_AGE = timedelta(hours=1)
NOTEWORTHY = Decimal("0.01")  # a smaller change needs no notice, however calm the account is


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """What is to be judged.

    as_of  of the new data
    """

    account: Account
    slot_at: datetime
    as_of: datetime
    whole: Whole
    reference: Reference | None


def judge(case: Case, valuation: Valuation) -> list[Objection]:
    """Return what the guards object to; in shadow mode some of it is a notice."""
    said = objections(_evidence(case, valuation))
    if settings.SNAPSHOT_GUARDS == "enforce":
        return said
    return [
        Objection(item.guard, item.says, blocks=item.blocks and item.guard not in SHADOWED)
        for item in said
    ]


def guard_limits() -> Limits:
    """Return the limits in the settings."""
    return Limits(
        vanished=Decimal(settings.SNAPSHOT_GUARD_VANISHED_PERCENT) / 100,
        share=Decimal(settings.SNAPSHOT_GUARD_SHARE_POINTS) / 100,
        jump=Decimal(settings.SNAPSHOT_GUARD_JUMP_PERCENT) / 100,
        deviations=Decimal(settings.SNAPSHOT_GUARD_DEVIATIONS),
    )


def _evidence(case: Case, valuation: Valuation) -> Evidence:
    reference, limits = case.reference, guard_limits()
    after = amounts_of(case.whole.lines)
    problems = case.whole.doubts
    evidence = Evidence(problems=problems, total=valuation.total_value, after=after, limits=limits)
    if reference is not None:
        total = valuation.total_value
        reference = reference.compared_with(total, within=limits.vanished)
    if reference is None or reference.currency != case.account.currency:
        return evidence
    usd_per_unit = valuation.rates.to_usd.rate if valuation.rates.to_usd else Decimal(1)
    before = amounts_of(reference.lines) if reference.has_positions else None
    after = amounts_of(_known_or_kept(case.whole, valuation, reference))
    suspicious = jumped(before or [], after, limits)
    return Evidence(
        problems=problems,
        total=valuation.total_value,
        after=after,
        before=before,
        total_before=reference.total,
        changes=find_changes(case.account, reference.as_of, case.as_of, usd_per_unit=usd_per_unit),
        quotes=find_quotes(suspicious, usd_per_unit=usd_per_unit, since=case.slot_at - QUOTE_AGE)
        if suspicious
        else {},
        steps=find_steps(case.account, case.slot_at)
        if abs(valuation.total_value - reference.total) > NOTEWORTHY * abs(reference.total)
        else (),
        limits=limits,
    )


def _known_or_kept(whole: Whole, valuation: Valuation, reference: Reference) -> list[Line]:
    """Return the positions but for dust that was dust before: it did not come in this step."""
    places = {line.place for line in reference.lines}
    places |= {valued.line.place for valued in valuation.lines}
    return [line for line in whole.lines if line.place in places]


def jumped(before: Sequence[Amount], after: Sequence[Amount], limits: Limits) -> list[str]:
    """Return of which tickers the price is another one by far."""
    known = {item.ticker: item.price for item in before if item.price}
    return [
        item.ticker
        for item in after
        if item.price
        and item.ticker in known
        and abs(item.price / known[item.ticker] - 1) > limits.jump
    ]
