"""What is stored: accounts, their snapshots with the positions in them, and flows."""

from snapshots.models.account import Account
from snapshots.models.flow import Flow
from snapshots.models.position import SnapshotPosition
from snapshots.models.snapshot import Snapshot

__all__ = ["Account", "Flow", "Snapshot", "SnapshotPosition"]
