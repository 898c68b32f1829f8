"""The pages of portfolios: accounts, snapshots, flows, and all of it together."""

from snapshots.admin import flows, portfolio, snapshots

__all__ = ["flows", "portfolio", "snapshots"]
