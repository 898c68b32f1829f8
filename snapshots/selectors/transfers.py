"""Transfers between own accounts: what was sent, and what arrived of it."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable
from datetime import timedelta
from decimal import Decimal

from snapshots.models import Flow

ON_ITS_WAY = timedelta(days=7)  # money over Easter
EARLY = timedelta(days=1)  # what arrived may have an earlier date than what was sent
LEAST, MOST = Decimal("0.9"), Decimal("1.1")  # of what was sent: fees, and other rates


def pairs_of(flows: Iterable[Flow]) -> list[tuple[Flow, Flow]]:
    """Return both ends of transfers, what was sent first; one without the other is left out."""
    ordered = sorted(flows, key=lambda flow: flow.at)
    arrived = deque(flow for flow in ordered if flow.amount > 0)
    pairs = []
    for sent in (flow for flow in ordered if flow.amount < 0):
        while arrived and arrived[0].at < sent.at - EARLY:
            arrived.popleft()
        got = next((flow for flow in arrived if _is_same(sent, flow)), None)
        if got is not None:
            arrived.remove(got)
            pairs.append((sent, got))
    return pairs


def _is_same(sent: Flow, got: Flow) -> bool:
    if got.at > sent.at + ON_ITS_WAY or got.account_id == sent.account_id:
        return False
    left, arrived = Decimal(-sent.amount_usd), Decimal(got.amount_usd)
    return left * LEAST <= arrived <= left * MOST
