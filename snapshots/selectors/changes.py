"""When the data of a portfolio last changed, so that an answer that is kept shows each edit."""

from __future__ import annotations

from django.db.models import Count, Max, OuterRef, Subquery

from snapshots.models import Account, Flow, Snapshot
from snapshots.selectors.scope import Scope


def mark_of_changes(scope: Scope) -> list[str]:
    """Return a mark that is another one as soon as a snapshot, a flow or an account changes.

    By account: whoever writes snapshots of one takes turns, so the newest change is the last one.
    A flow may be deleted, so flows are counted, too. Quarters that are thinned out change nothing.
    """
    changes = Snapshot.objects.filter(account=OuterRef("pk")).order_by("-updated_at")
    flows = Flow.objects.filter(account=OuterRef("pk")).order_by().values("account")
    rows = Account.objects.filter(pk__in=[one.pk for one in scope.accounts]).annotate(
        changed=Subquery(changes.values("updated_at")[:1]),
        flows_changed=Subquery(flows.annotate(at=Max("updated_at")).values("at")),
        flows_known=Subquery(flows.annotate(number=Count("pk")).values("number")),
    )
    columns = ("pk", "updated_at", "changed", "flows_changed", "flows_known")
    return [str(row) for row in rows.order_by("pk").values_list(*columns)]
