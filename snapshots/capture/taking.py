"""Take a snapshot of an account: ask its source, make it whole, judge it, keep it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

from django.conf import settings

from snapshots.capture.confirming import confirm_suspects
from snapshots.capture.judging import Case, judge
from snapshots.capture.references import find_reference
from snapshots.capture.storing import RANK, Draft, Outcome, store
from snapshots.models import Account, Portfolio, Snapshot
from snapshots.slots import LENGTH, Slot
from snapshots.sources.base import BudgetSpent, InvalidStatement, SourceError, Statement
from snapshots.valuing.conversion import find_rates
from snapshots.valuing.rates import Rates
from snapshots.valuing.valuation import Valuation, missing_rate, require_currency, value_pieces
from snapshots.valuing.whole import Reference, Whole, make_whole

# Data from later than that is of another time, not of a late run: the quarter is over. The end of
# a day may start two hours late, and reads a file that was exported since.
MAX_LATENESS = {"intraday": LENGTH, "eod": timedelta(hours=2)}


class StatementTooLate(SourceError):
    """The data is from long after the slot, so that it says nothing about it."""


@dataclass(frozen=True, slots=True)
class Captured:
    """The snapshot of a slot as it now stands, and what came of asking the source.

    outcome    "kept" = what the slot has is better, so nothing was written
    as_of      of what was fetched
    error      why the source gave no answer; None = it did
    confirmed  how many suspects this answer settled
    shortfall  what is wrong with the answer, if the slot keeps a better one; empty: nothing
    """

    snapshot: Snapshot
    outcome: Outcome
    as_of: datetime | None
    error: SourceError | None = None
    confirmed: int = 0
    shortfall: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Round:
    """What stays the same while a slot is taken."""

    account: Account
    slot: Slot
    reference: Reference | None
    min_usd: Decimal
    run_id: int | None
    now: datetime

    @property
    def at(self) -> datetime:
        return self.slot.stands_for_at

    @property
    def max_age(self) -> timedelta:
        if self.slot.kind == "eod":
            return timedelta(hours=settings.SNAPSHOT_CARRY_EOD_HOURS)
        return timedelta(minutes=settings.SNAPSHOT_CARRY_MINUTES)


def capture(
    account: Account,
    slot: Slot,
    *,
    min_usd: Decimal,
    run_id: int | None,
    now: datetime | None = None,
) -> Captured:
    """Take the snapshot of `account` for `slot`; the slot has one, whatever runs twice.

    min_usd  positions worth less are not kept; the total counts them
    run_id   the run that asks for it

    A source that does not answer raises nothing: its snapshot is carried, or a gap with a reason.
    """
    now = now or datetime.now(UTC)
    reference = find_reference(account, slot)
    given = _Round(
        account=account, slot=slot, reference=reference, min_usd=min_usd, run_id=run_id, now=now
    )
    draft, error = _take(given)
    if draft.status == "suspect":
        # What is wrong for a moment only is right when it is asked once more. No answer is none:
        # old values would then hide what the source said.
        again, error_again = _take(given)
        if error_again is None and RANK[again.status] > RANK[draft.status]:
            draft = again
    snapshot, outcome = store(account, slot, draft, now=now)
    confirmed = 0
    if snapshot.status == "suspect" and outcome != "kept":
        confirmed = len(confirm_suspects(snapshot, now=now))
    shortfall = _shortfall(draft) if outcome == "kept" else ""
    return Captured(snapshot, outcome, draft.as_of, error, confirmed, shortfall)


def _shortfall(draft: Draft) -> str:
    if draft.status == "accepted":
        return ""
    says = " ".join(str(reason["says"]) for reason in draft.reasons)
    return f"What was fetched now is {draft.status}, so the slot keeps what it had: {says}"


def _take(given: _Round) -> tuple[Draft, SourceError | None]:
    """Ask once. The second is why there was no answer; then the draft is carried, or a gap."""
    answer = _ask(given)
    if isinstance(answer, Statement):
        rates = _rates(given)
        if rates is not None:
            try:
                return _drafted(given, answer, rates), None
            except InvalidStatement as exc:
                return _without_answer(given, exc), exc
        currency = Portfolio.objects.reporting_currency(given.account.owner_id)
        answer = missing_rate(given.account.currency, currency)
    return _without_answer(given, answer), answer


def _ask(given: _Round) -> Statement | SourceError:
    try:
        statement = given.account.open_source().fetch()
        _require_positions(statement, given.reference)
        _require_of_its_time(statement, given.account, given.slot)
        require_currency(statement, given.account.currency)
    except SourceError as exc:
        return exc
    return statement


def _rates(given: _Round) -> Rates | None:
    account = given.account
    reporting = Portfolio.objects.reporting_currency(account.owner_id)
    return find_rates(account.currency, reporting, account.settings, at=given.at)


def _drafted(given: _Round, answer: Statement, rates: Rates) -> Draft:
    whole = make_whole(answer, _comparable(given), at=given.at, max_age=given.max_age)
    if whole.missing:
        return _gap(given, whole, status="failed")
    valuation = _valued(given, whole, rates)
    case = Case(
        account=given.account,
        slot_at=given.slot.slot_at,
        as_of=answer.as_of,
        whole=whole,
        reference=given.reference,
    )
    said = [objection.as_json() for objection in judge(case, valuation)]
    is_suspect = any(reason["blocks"] for reason in said)
    status = "suspect" if is_suspect else "carried" if whole.is_carried else "accepted"
    return _draft(given, whole, status=status, valuation=valuation, said=said)


def _without_answer(given: _Round, error: SourceError) -> Draft:
    """Carry all parts, if they are young enough and have a rate; else it is a gap."""
    whole = make_whole(error, _comparable(given), at=given.at, max_age=given.max_age)
    rates = _rates_of(given)
    if whole.missing or rates is None:
        is_unasked = isinstance(error, BudgetSpent)
        return _gap(given, whole, status="missed" if is_unasked else "failed")
    return _draft(given, whole, status="carried", valuation=_valued(given, whole, rates))


def _rates_of(given: _Round) -> Rates | None:
    """Return the rates of now; without them those that the carried values had are as good."""
    rates = _rates(given)
    return rates or (given.reference.rates if given.reference else None)


def _comparable(given: _Round) -> Reference | None:
    """Return the reference, unless the account has changed its currency since."""
    reference = given.reference
    return reference if reference and reference.currency == given.account.currency else None


def _valued(given: _Round, whole: Whole, rates: Rates) -> Valuation:
    kept = {line.place for line in given.reference.lines} if given.reference else set()
    return value_pieces(whole.pieces, rates, min_usd=given.min_usd, at=given.at, kept_before=kept)


def _gap(given: _Round, whole: Whole, *, status: str) -> Draft:
    return _draft(given, whole, status=status, valuation=None)


def _draft(
    given: _Round,
    whole: Whole,
    *,
    status: str,
    valuation: Valuation | None,
    said: list[dict[str, Any]] | None = None,
) -> Draft:
    notices = [*whole.failures, whole.note] if whole.note else whole.failures
    reasons = [{"guard": "", "says": text, "blocks": False} for text in notices]
    return Draft(
        status=status,
        is_complete=whole.is_complete,
        currency=given.account.currency,
        valuation=valuation,
        pieces=whole.pieces,
        as_of=whole.as_of,
        fetched_at=given.now,
        reasons=[*(said or []), *reasons],
        run_id=given.run_id,
    )


def _require_positions(statement: Statement, reference: Reference | None) -> None:
    """Refuse an empty answer, unless the account was empty before."""
    names = {part.name for part in statement.parts}
    strays = {item.part for item in statement.positions} - names - {""}
    if strays and len(names) > 1:
        raise InvalidStatement(f"Positions name a part that is none: {', '.join(sorted(strays))}.")
    was_empty = reference is not None and reference.is_empty
    if not statement.positions and statement.is_complete and not was_empty:
        raise InvalidStatement(
            f"{statement.parts[0].name} lists no position. That is what a failed export looks "
            "like, so it is not taken as a portfolio worth 0. Export it again; if the account is "
            "empty, edit this snapshot to 0."
        )


def _require_of_its_time(statement: Statement, account: Account, slot: Slot) -> None:
    if statement.as_of - slot.stands_for_at <= MAX_LATENESS[slot.kind]:
        return
    data_from, slot_at = (
        f"{instant.astimezone(account.zone):%Y-%m-%d %H:%M}"
        for instant in (statement.as_of, slot.slot_at)
    )
    raise StatementTooLate(
        f"{statement.parts[0].name} has data from {data_from}, slot {slot_at} "
        f"({account.timezone}): that is too late for the slot. Take the slot with data of its "
        "time, or trigger without scheduled_at."
    )
