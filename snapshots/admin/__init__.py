"""The pages of portfolios: accounts, snapshots, flows, files, and all of it together."""

from snapshots.admin import flows, portfolio, snapshots, uploads

__all__ = ["flows", "portfolio", "snapshots", "uploads"]
