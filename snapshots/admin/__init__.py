"""The pages of accounts, snapshots and flows."""

from snapshots.admin import flows, snapshots

__all__ = ["flows", "snapshots"]
