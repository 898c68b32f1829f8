"""The pages of portfolios: accounts, snapshots, flows, files, and all of it together."""

from snapshots.admin import accounts, flows, portfolio, snapshots, uploads

__all__ = ["accounts", "flows", "portfolio", "snapshots", "uploads"]
