"""Deleting many rows a few at a time."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Any

from django.db import transaction
from django.db.models import QuerySet

from scheduling.models import Artifact, LogLine, Run
from scheduling.pace import Pace
from scheduling.tallies import count_before_deletion

LINES_AT_ONCE = 2000
ARTIFACTS_AT_ONCE = 20  # each may have megabytes


def delete_rows(rows: QuerySet[Any], pace: Pace) -> int:
    """Delete `rows`, the oldest first, and return how many."""
    deleted = 0
    for ids in _pages(rows, pace):
        with pace.step():
            deleted += rows.model._default_manager.filter(pk__in=ids).delete()[0]
    return deleted


def delete_runs(runs: QuerySet[Run], pace: Pace) -> Counter[str]:
    """Delete ended runs with their log lines and artifacts, and return how many of each.

    Rows of other apps that name a run by a foreign key meet what their on_delete says.
    """
    deleted: Counter[str] = Counter()
    for ids in _pages(runs, pace):
        deleted["log_lines"] += delete_log_lines(ids, pace)
        deleted["artifacts"] += delete_artifacts(ids, pace)
        if pace.should_stop():
            break  # what belongs to these runs may not be gone yet
        with pace.step(), transaction.atomic():
            count_before_deletion(ids)
            ended = Run.objects.filter(pk__in=ids).exclude(status__in=Run.OPEN)
            deleted["runs"] += ended.only("pk").delete()[1].get(Run._meta.label, 0)
    return deleted


def delete_log_lines_of(runs: QuerySet[Run], pace: Pace) -> int:
    return sum(delete_log_lines(ids, pace) for ids in _pages(runs, pace))


def delete_artifacts_of(runs: QuerySet[Run], pace: Pace) -> int:
    return sum(delete_artifacts(ids, pace) for ids in _pages(runs, pace))


def delete_log_lines(run_ids: Sequence[int], pace: Pace) -> int:
    return _delete_parts(LogLine.objects.filter(run__in=run_ids), LINES_AT_ONCE, pace)


def delete_artifacts(run_ids: Sequence[int], pace: Pace) -> int:
    return _delete_parts(Artifact.objects.filter(run__in=run_ids), ARTIFACTS_AT_ONCE, pace)


def _delete_parts(rows: QuerySet[Any], most: int, pace: Pace) -> int:
    """Delete rows that nothing refers to, `most` in a statement: a run may have thousands."""
    deleted = 0
    part = rows.order_by().values("pk")[:most]
    while rows.exists() and not pace.should_stop():
        with pace.step():
            deleted += rows.model._default_manager.filter(pk__in=part).delete()[0]
    return deleted


def _pages(rows: QuerySet[Any], pace: Pace) -> Iterator[list[int]]:
    """Yield the primary keys of `rows` in ascending order, until `pace` says to stop."""
    last = 0
    while not pace.should_stop():
        page = rows.filter(pk__gt=last).order_by("pk").values_list("pk", flat=True)
        ids = list(page[: pace.size])
        if not ids:
            return
        yield ids
        last = ids[-1]
