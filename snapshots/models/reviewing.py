from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal, localcontext
from typing import TYPE_CHECKING, Any

from django.db import models, transaction
from django.utils import timezone

from snapshots.exceptions import ReviewRefused
from snapshots.models.account import Account
from snapshots.models.portfolio import Portfolio
from snapshots.models.revision import SnapshotReview, SnapshotRevision
from snapshots.valuing.conversion import find_rates
from snapshots.valuing.rates import USD, Rates
from snapshots.valuing.valuation import LIMIT, missing_rate

if TYPE_CHECKING:
    from django.contrib.auth.models import AbstractBaseUser

    from snapshots.models.snapshot import Snapshot

Verdict = SnapshotReview.Verdict


@dataclass(frozen=True, slots=True)
class Ruling:
    """Who decides, and why. by: None = nobody: later answers do, or what is known since."""

    by: AbstractBaseUser | None
    reason: str
    at: datetime


class Reviewed(models.Model):
    """How people decide about a snapshot: each decision is written down, and kept for ever."""

    class Meta:
        abstract = True

    def accept(
        self, *, by: AbstractBaseUser, reason: str, now: datetime | None = None
    ) -> SnapshotReview:
        """Let a suspect, or one that was rejected, enter the curves as it is.

        Raise ReviewRefused if it is neither, or if there is no reason.
        """
        return self._decide(Verdict.ACCEPTED, _ruling(by, reason, now), {"status": "accepted"})

    def reject(
        self, *, by: AbstractBaseUser, reason: str, now: datetime | None = None
    ) -> SnapshotReview:
        """Make it a gap; its values stay to be seen. Raise ReviewRefused if it is one already."""
        return self._decide(Verdict.REJECTED, _ruling(by, reason, now), {"status": "failed"})

    def confirm(self, reason: str, *, now: datetime) -> SnapshotReview:
        """Accept a suspect because later answers of its source agree with it.

        Raise ReviewRefused if it is none any more: a person may have decided meanwhile.
        """
        return self._decide(Verdict.CONFIRMED, Ruling(None, reason, now), {"status": "accepted"})

    def explain(self, reason: str, *, now: datetime) -> SnapshotReview:
        """Accept a suspect because what is known since explains it. Raise ReviewRefused, too."""
        return self._decide(Verdict.EXPLAINED, Ruling(None, reason, now), {"status": "accepted"})

    def edit(
        self,
        *,
        total_value: Decimal,
        by: AbstractBaseUser,
        reason: str,
        fx_rate: Decimal | None = None,
        now: datetime | None = None,
    ) -> SnapshotReview:
        """Say what the account was worth, in its currency; positions and parts stay as they were.

        fx_rate  USD per unit; None = the snapshot's own, or that of its slot: never today's

        Raise ReviewRefused, or MissingRate if no rate of its time is known.
        """
        ruling = _ruling(by, reason, now)
        if not (total_value.is_finite() and abs(total_value) < LIMIT):
            raise ReviewRefused(f"{total_value} is no value of a portfolio.")
        if fx_rate is not None and not (fx_rate.is_finite() and fx_rate > 0):
            raise ReviewRefused("The rate is USD per unit of the account's currency: more than 0.")
        return self._decide(Verdict.EDITED, ruling, self._edited(total_value, fx_rate, ruling.at))

    def _decide(
        self, verdict: SnapshotReview.Verdict, ruling: Ruling, values: dict[str, Any]
    ) -> SnapshotReview:
        with transaction.atomic():
            # As for capture: whoever writes to this account takes turns.
            snapshot: Snapshot = self  # type: ignore[assignment]
            Account.objects.take_turns(snapshot.account_id)
            snapshot.refresh_from_db()
            _require_open(snapshot, verdict)
            before = snapshot.status, snapshot.total_value
            SnapshotRevision.objects.keep(snapshot, now=ruling.at)
            for name, value in values.items():
                setattr(snapshot, name, value)
            if ruling.by is not None:
                snapshot.reviewed_at = ruling.at
            snapshot.save()
            return _write_down(snapshot, verdict, ruling, before)

    def _edited(self, total: Decimal, fx_rate: Decimal | None, at: datetime) -> dict[str, Any]:
        snapshot: Snapshot = self  # type: ignore[assignment]
        values: dict[str, Any] = {
            "status": "manual",
            "total_value": total,
            "as_of": snapshot.slot_at,
        }
        if snapshot.total_usd is None:
            values |= _rates_of_the_slot(snapshot, fx_rate, at)
        elif fx_rate is not None and snapshot.currency != USD:
            values |= {"fx_rate": fx_rate, "fx_at": at, "fx_source": "manual"}
            if snapshot.reporting_currency == USD:
                values |= _reporting(fx_rate, at, "manual")
        usd = values.get("fx_rate", snapshot.fx_rate) or Decimal(1)
        reporting = values.get("reporting_rate", snapshot.reporting_rate) or Decimal(1)
        with localcontext(prec=80):
            values |= {"total_usd": total * usd, "total_reporting": total * reporting}
        return values


def _ruling(by: AbstractBaseUser, reason: str, now: datetime | None) -> Ruling:
    if not reason.strip():
        raise ReviewRefused("Say why: a decision without a reason helps nobody later.")
    return Ruling(by, reason.strip()[:1000], now or timezone.now())


def _require_open(snapshot: Snapshot, verdict: SnapshotReview.Verdict) -> None:
    status = snapshot.status
    if verdict in (Verdict.CONFIRMED, Verdict.EXPLAINED):
        if status != "suspect":
            raise ReviewRefused(f"It is {status}: without a person only a suspect is accepted.")
    elif verdict == Verdict.ACCEPTED:
        if status not in ("suspect", "failed") or snapshot.total_usd is None:
            raise ReviewRefused(f"It is {status}: only what is suspect or rejected is accepted.")
    elif verdict == Verdict.REJECTED and status in ("failed", "missed"):
        raise ReviewRefused(f"It is {status}, which counts for nothing already.")


def _write_down(
    snapshot: Snapshot,
    verdict: SnapshotReview.Verdict,
    ruling: Ruling,
    before: tuple[str, Decimal | None],
) -> SnapshotReview:
    status, total = before
    return SnapshotReview.objects.create(
        snapshot=snapshot,
        verdict=verdict,
        reason=ruling.reason,
        at=ruling.at,
        reviewer_id=ruling.by.pk if ruling.by else None,
        reviewer_name=ruling.by.get_username() if ruling.by else "",
        status_before=status,
        status_after=snapshot.status,
        total_before=total,
        total_after=snapshot.total_value,
    )


def _rates_of_the_slot(snapshot: Snapshot, fx_rate: Decimal | None, at: datetime) -> dict[str, Any]:
    reporting = Portfolio.objects.reporting_currency(snapshot.account.owner_id)
    settings = dict(snapshot.account.settings)
    if fx_rate is not None:
        settings["usd_rate"] = {
            "rate": f"{fx_rate:f}", "at": at.isoformat(), "source": "manual"
        }  # fmt: skip
    rates = find_rates(snapshot.currency, reporting, settings, at=snapshot.slot_at)
    if rates is None:
        raise missing_rate(snapshot.currency, reporting)
    return rate_columns(rates)


def rate_columns(rates: Rates) -> dict[str, Any]:
    """Return the columns of a snapshot that keep its rates."""
    usd, other = rates.to_usd, rates.to_reporting
    columns = {
        "fx_rate": usd and usd.rate, "fx_at": usd and usd.at, "fx_source": usd.source if usd else ""
    }  # fmt: skip
    columns["reporting_currency"] = rates.reporting_currency
    if other is None:
        return columns | _reporting(None, None, "")
    return columns | _reporting(other.rate, other.at, other.source)


def _reporting(rate: Decimal | None, at: datetime | None, source: str) -> dict[str, Any]:
    return {"reporting_rate": rate, "reporting_at": at, "reporting_source": source}
