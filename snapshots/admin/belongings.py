"""What stands below a snapshot: its parts, its reviews and what it said before."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from unfold.admin import TabularInline

from scheduling.pages.history import History
from snapshots.admin.cells import local
from snapshots.figures import readable
from snapshots.models import SnapshotPart, SnapshotReview, SnapshotRevision

NOTHING = "—"


class PartInline(History, TabularInline):
    model = SnapshotPart
    fields = readonly_fields = ("name", "state", "worth", "data_from", "error")
    verbose_name_plural = "Parts of the source"
    hide_title = True
    extra = 0

    @admin.display(description="State")
    def state(self, part: SnapshotPart) -> str:
        if part.carried_from_at is not None:
            return f"carried from {local(part.snapshot.account, part.carried_from_at)}"
        return "answered" if part.is_ok else "failed"

    @admin.display(description="Value")
    def worth(self, part: SnapshotPart) -> str:
        return money(part.value)

    @admin.display(description="Data from")
    def data_from(self, part: SnapshotPart) -> str:
        return local(part.snapshot.account, part.as_of)


class ReviewInline(History, TabularInline):
    model = SnapshotReview
    fields = readonly_fields = ("decided", "verdict", "who", "reason", "change")
    verbose_name_plural = "Who decided what"
    hide_title = True
    extra = 0

    @admin.display(description="At")
    def decided(self, review: SnapshotReview) -> str:
        return local(review.snapshot.account, review.at)

    @admin.display(description="Who")
    def who(self, review: SnapshotReview) -> str:
        return review.reviewer_name or "later answers of the source"

    @admin.display(description="Change")
    def change(self, review: SnapshotReview) -> str:
        values = f"{money(review.total_before)} → {money(review.total_after)}"
        return f"{review.status_before} → {review.status_after}, {values}"


class RevisionInline(History, TabularInline):
    model = SnapshotRevision
    fields = readonly_fields = ("until", "status", "data_from", "worth")
    verbose_name_plural = "What it said before"
    hide_title = True
    extra = 0

    @admin.display(description="Until")
    def until(self, revision: SnapshotRevision) -> str:
        return local(revision.snapshot.account, revision.replaced_at)

    @admin.display(description="Data from")
    def data_from(self, revision: SnapshotRevision) -> str:
        return local(revision.snapshot.account, revision.as_of)

    @admin.display(description="Total in USD")
    def worth(self, revision: SnapshotRevision) -> str:
        return money(revision.total_usd)


def money(value: Any) -> str:
    """Return an amount with cents, or a dash where nobody knows it."""
    return NOTHING if value is None else readable(value)
