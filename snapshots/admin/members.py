"""The accounts of a portfolio: what each is worth, and what is wrong with it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from django.db.models import Count, OuterRef, Subquery
from django.urls import reverse
from django.utils.http import urlencode

from scheduling.pages.times import Moment
from snapshots.figures import readable
from snapshots.models import COUNTED, Snapshot, Watch
from snapshots.selectors.scope import Member, Scope


@dataclass(frozen=True, slots=True)
class Line:
    """An account, as the page shows it.

    state      what the staleness monitor says, unless its data is fresh
    to_review  suspects that wait for somebody
    """

    name: str
    url: str
    last: Moment | None
    value: str
    share: str
    state: str
    to_review: int
    review_url: str
    has_flows: bool


def lines_of(scope: Scope, now: datetime) -> Sequence[Line]:
    """Return the accounts, those of most value first."""
    values = _values(scope)
    whole = sum(values.values(), Decimal(0))
    states = _states(scope)
    suspects = dict(
        scope.snapshots().filter(status=Snapshot.Status.SUSPECT).order_by()
        .values_list("account").annotate(Count("pk"))
    )  # fmt: skip
    members = sorted(scope.members, key=lambda one: -values.get(one.account.pk, Decimal(0)))
    return [
        _line(
            member,
            now,
            value=values.get(member.account.pk),
            whole=whole,
            state=states.get(f"account:{member.account.pk}", ""),
            suspects=suspects.get(member.account.pk, 0),
        )
        for member in members
    ]


def obstacles_of(scope: Scope) -> Sequence[tuple[str, str, str]]:
    """Return by account its name, its page and why its newest snapshot does not count."""
    taken = scope.snapshots().exclude(status=Snapshot.Status.MISSED)
    newest = taken.filter(account=OuterRef("account"))
    is_newest = Subquery(newest.order_by("-slot_at", "-pk").values("pk")[:1])
    why = {row.account_id: row.why for row in scope.snapshots().filter(pk=is_newest)}
    return [
        (
            str(account),
            reverse("admin:snapshots_account_change", args=[account.pk]),
            why.get(account.pk, "No job has taken a snapshot of it yet."),
        )
        for account in scope.accounts
    ]


def _line(
    member: Member,
    now: datetime,
    *,
    value: Decimal | None,
    whole: Decimal,
    state: str,
    suspects: int,
) -> Line:
    account = member.account
    query = urlencode({"account__id__exact": str(account.pk), "status__exact": "suspect"})
    is_part = value is not None and value >= 0 and whole > 0
    return Line(
        name=str(account),
        url=reverse("admin:snapshots_account_change", args=[account.pk]),
        last=Moment.of(member.last_at, account.timezone, now) if member.last_at else None,
        value="" if value is None else readable(value),
        share=f"{100 * (value or 0) / whole:.1f} %" if is_part else "",
        state=state,
        to_review=suspects,
        review_url=f"{reverse('admin:snapshots_snapshot_changelist')}?{query}",
        has_flows=account.flows_known_since is not None,
    )


def _values(scope: Scope) -> dict[int, Decimal]:
    """Return by account the newest value that counts; none in another reporting currency."""
    newest = {one.account.pk: one.last_at for one in scope.members if one.last_at}
    # With the kinds, each row is a step into the index of slots.
    kinds, instants = Snapshot.Kind.values, {*newest.values()}
    rows = scope.snapshots().filter(status__in=COUNTED, kind__in=kinds, slot_at__in=instants)
    return {
        row.account_id: getattr(row, scope.value_field)
        for row in rows
        if row.slot_at == newest.get(row.account_id) and scope.rate_of(row) is not None
    }


def _states(scope: Scope) -> dict[str, str]:
    subjects = [f"account:{one.pk}" for one in scope.accounts]
    found = Watch.objects.filter(subject__in=subjects).exclude(state=Watch.State.FRESH)
    return dict(found.values_list("subject", "state"))
