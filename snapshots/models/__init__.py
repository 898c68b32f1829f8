"""What is stored: accounts, their snapshots and the positions in them."""

from snapshots.models.account import Account
from snapshots.models.position import SnapshotPosition
from snapshots.models.snapshot import Snapshot

__all__ = ["Account", "Snapshot", "SnapshotPosition"]
