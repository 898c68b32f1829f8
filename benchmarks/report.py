"""Figures of several rounds as a table: median, least and most, and how many times better."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from statistics import median

# Of the others less is better.
MORE_IS_BETTER = ("per second",)


def print_table(title: str, figures: Mapping[str, Sequence[Mapping[str, float]]]) -> None:
    """Print the figures of each system, by system one mapping a round."""
    systems = list(figures)
    print(f"\n{title}: {len(figures[systems[0]])} rounds, median (least-most)")  # noqa: T201
    for name in figures[systems[0]][0]:
        columns = [values_of(figures[system], name) for system in systems]
        cells = "".join(
            f"{system:>14} {cell(values)}" for system, values in zip(systems, columns, strict=True)
        )
        print(f"  {name:<40}{cells}{ratio(name, columns)}")  # noqa: T201


def values_of(rounds: Sequence[Mapping[str, float]], name: str) -> list[float]:
    return [figures[name] for figures in rounds if name in figures]


def cell(values: Sequence[float]) -> str:
    if not values:
        return f"{'-':<28}"
    return f"{f'{median(values):.5g} ({min(values):.4g}-{max(values):.4g})':<28}"


def ratio(name: str, columns: Sequence[Sequence[float]]) -> str:
    if len(columns) < 2 or not all(columns) or not all(map(median, columns)):
        return ""
    ours, theirs = median(columns[0]), median(columns[1])
    times = ours / theirs if any(part in name for part in MORE_IS_BETTER) else theirs / ours
    return f"  {times:.1f} times better"


def burst_figures(
    begun: Sequence[float], *, due_at: float, persisted_at: float
) -> dict[str, float]:
    """Return how late tasks began that were all due at one instant; seconds since 1970."""
    late = [instant - due_at for instant in begun]
    return {
        "lateness p50, s": quantile(late, 0.5),
        "lateness p99, s": quantile(late, 0.99),
        "all persisted after, s": persisted_at - due_at,
    }


def quantile(values: Sequence[float], share: float) -> float:
    """Return the value below which `share` of them lie; `values` need not be sorted."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, round(share * (len(ordered) - 1)))]
