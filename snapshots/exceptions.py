"""What may go wrong with a snapshot that people decide about."""

from __future__ import annotations


class ReviewRefused(Exception):
    """The snapshot is in no state for this decision, or the decision lacks something."""
