"""How far a portfolio fell below its highest point, and how long it took to come back."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
ROUNDING = 1e-12  # of a product of thousands of days


@dataclass(frozen=True, slots=True, kw_only=True)
class Drawdown:
    """The deepest fall.

    depth         -0.2 = 20 % below the highest point before
    peaked_on     the day of that point
    bottomed_on   the day of the lowest one
    recovered_on  the first day at least as high again; None = not yet
    """

    depth: float
    peaked_on: date
    bottomed_on: date
    recovered_on: date | None


def underwater(returns: Floats) -> Floats:
    """Return how far below the highest point so far each day ended; the start counts as a point.

    The first is the start itself: one more than `returns`.
    """
    grown = np.concatenate(([1.0], np.cumprod(1.0 + returns)))
    return grown / np.maximum.accumulate(grown) - 1.0


def deepest(days: Sequence[date], depths: Floats) -> Drawdown | None:
    """Return the deepest fall, the first of equals; None if there was none."""
    if not len(depths) or depths.min() >= 0:
        return None
    bottom = int(depths.argmin())
    peak = int(np.flatnonzero(depths[: bottom + 1] == 0)[-1])
    later = np.flatnonzero(depths[bottom:] >= -ROUNDING)
    return Drawdown(
        depth=float(depths[bottom]),
        peaked_on=days[peak],
        bottomed_on=days[bottom],
        recovered_on=days[bottom + int(later[0])] if len(later) else None,
    )
