"""Accounts in a list: each with its last snapshot, and how fresh its data is."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.db.models import OuterRef, Subquery

from snapshots.answers.telling import instant, of_account, of_snapshot
from snapshots.models import Account, Snapshot, Watch


def of_accounts(accounts: Sequence[Account]) -> list[dict[str, Any]]:
    """Return the accounts in their order; the snapshot is the newest, whether it counts or not."""
    newest = _newest(accounts)
    subjects = {f"account:{one.pk}": one.pk for one in accounts}
    watches = {
        subjects[one.subject]: one for one in Watch.objects.filter(subject__in=list(subjects))
    }
    return [
        {
            **of_account(one),
            "snapshot": of_snapshot(newest[one.pk]) if one.pk in newest else None,
            "freshness": _of_watch(watches[one.pk]) if one.pk in watches else None,
        }
        for one in accounts
    ]


def _of_watch(watch: Watch) -> dict[str, Any]:
    return {"state": watch.state, "says": watch.says, "since": instant(watch.changed_at)}


def _newest(accounts: Sequence[Account]) -> dict[int, Snapshot]:
    rows = Account.objects.filter(pk__in=[one.pk for one in accounts])
    edges = rows.annotate(end=_edge("eod"), quarter=_edge("intraday"))
    numbers = [edge for row in edges.values_list("end", "quarter") for edge in row if edge]
    found = Snapshot.objects.filter(pk__in=numbers).order_by("slot_at", "pk")
    return {one.account_id: one for one in found}


def _edge(kind: str) -> Subquery:
    # A row of each kind is a step into an index; both kinds in one order would be a scan.
    rows = Snapshot.objects.filter(account=OuterRef("pk"), kind=kind).order_by("-slot_at")
    return Subquery(rows.values("pk")[:1])
