"""What belongs to one user: each kind of row, and how it leads to its owner."""

from __future__ import annotations

from collections.abc import Mapping

from django.db.models import Model, QuerySet

from snapshots.models import (
    Account,
    EnteredPosition,
    Flow,
    Portfolio,
    Snapshot,
    SnapshotPart,
    SnapshotPosition,
    SnapshotReview,
    SnapshotRevision,
    Upload,
)

OF_ACCOUNT = "account__owner_id"
OF_SNAPSHOT = "snapshot__account__owner_id"
# In the order in which one leads to the next: what is deleted goes the other way.
KINDS: Mapping[str, tuple[type[Model], str]] = {
    "portfolios": (Portfolio, "owner_id"),
    "accounts": (Account, "owner_id"),
    "entered_positions": (EnteredPosition, OF_ACCOUNT),
    "uploads": (Upload, OF_ACCOUNT),
    "flows": (Flow, OF_ACCOUNT),
    "snapshots": (Snapshot, OF_ACCOUNT),
    "parts": (SnapshotPart, OF_SNAPSHOT),
    "positions": (SnapshotPosition, OF_SNAPSHOT),
    "reviews": (SnapshotReview, OF_SNAPSHOT),
    "revisions": (SnapshotRevision, OF_SNAPSHOT),
}


def rows_of(kind: str, owner_id: int) -> QuerySet[Model]:
    """Return the rows of a kind that belong to a user, the oldest first."""
    model, owner = KINDS[kind]
    return model._default_manager.filter(**{owner: owner_id}).order_by("pk")
