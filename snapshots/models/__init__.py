"""What is stored: portfolios, accounts, their snapshots in all parts, and flows."""

from snapshots.models.account import Account
from snapshots.models.credential import Credential
from snapshots.models.entered import EnteredPosition
from snapshots.models.flow import Flow
from snapshots.models.hourly_budget import HourlyBudget
from snapshots.models.part import SnapshotPart
from snapshots.models.portfolio import Portfolio
from snapshots.models.position import SnapshotPosition
from snapshots.models.revision import SnapshotReview, SnapshotRevision
from snapshots.models.snapshot import BASELINES, COUNTED, Snapshot
from snapshots.models.upload import Upload
from snapshots.models.watch import Watch

__all__ = [
    "BASELINES",
    "COUNTED",
    "Account",
    "Credential",
    "EnteredPosition",
    "Flow",
    "HourlyBudget",
    "Portfolio",
    "Snapshot",
    "SnapshotPart",
    "SnapshotPosition",
    "SnapshotReview",
    "SnapshotRevision",
    "Upload",
    "Watch",
]
