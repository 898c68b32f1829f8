"""What stands below a snapshot: its parts, its reviews and what it said before."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from unfold.admin import TabularInline

from scheduling.pages.history import History
from snapshots.figures import readable
from snapshots.models import SnapshotPart, SnapshotReview, SnapshotRevision

NOTHING = "—"


class PartInline(History, TabularInline):
    model = SnapshotPart
    fields = readonly_fields = ("name", "state", "worth", "as_of", "error")
    verbose_name_plural = "Parts of the source"
    hide_title = True
    extra = 0

    @admin.display(description="State")
    def state(self, part: SnapshotPart) -> str:
        if part.carried_from_at is not None:
            return f"carried from {part.carried_from_at:%Y-%m-%d %H:%M}Z"
        return "answered" if part.is_ok else "failed"

    @admin.display(description="Value")
    def worth(self, part: SnapshotPart) -> str:
        return money(part.value)


class ReviewInline(History, TabularInline):
    model = SnapshotReview
    fields = readonly_fields = ("at", "verdict", "who", "reason", "change")
    verbose_name_plural = "Who decided what"
    hide_title = True
    extra = 0

    @admin.display(description="Who")
    def who(self, review: SnapshotReview) -> str:
        return review.reviewer_name or "later answers of the source"

    @admin.display(description="Change")
    def change(self, review: SnapshotReview) -> str:
        values = f"{money(review.total_before)} → {money(review.total_after)}"
        return f"{review.status_before} → {review.status_after}, {values}"


class RevisionInline(History, TabularInline):
    model = SnapshotRevision
    fields = readonly_fields = ("replaced_at", "status", "as_of", "worth")
    verbose_name_plural = "What it said before"
    hide_title = True
    extra = 0

    @admin.display(description="Total in USD")
    def worth(self, revision: SnapshotRevision) -> str:
        return money(revision.total_usd)


def money(value: Any) -> str:
    """Return an amount with cents, or a dash where nobody knows it."""
    return NOTHING if value is None else readable(value)
