"""How far below its highest point a portfolio was, beside its curve."""

from __future__ import annotations

from collections.abc import Sequence

from snapshots.performance.periods import day_ends
from snapshots.performance.returns import day_returns
from snapshots.selectors.curve import CurvePoint
from snapshots.selectors.flows import flows_known, read_flows
from snapshots.selectors.scope import Scope


def underwater_of(scope: Scope, points: Sequence[CurvePoint]) -> list[float | None]:
    """Return for each point how far below the highest of these it is, flows taken out; None = gap.

    Empty if flows are not known, or somewhere nothing was there that could earn.
    """
    known = [point for one in points if (point := one.point)]
    if len(known) < 2 or not flows_known(scope, known[0], known[-1]):
        return []
    ends = day_ends(known, read_flows(scope, known[0].earliest, known[-1].at))
    found = day_returns(ends)
    if any(one.ratio is None for one in found):
        return []
    depths, grown, highest = [0.0], 1.0, 1.0
    for one in found:
        grown *= 1 + float(one.ratio or 0)
        highest = max(highest, grown)
        depths.append(grown / highest - 1)
    rest = iter(depths)
    return [None if one.value is None else next(rest) for one in points]
