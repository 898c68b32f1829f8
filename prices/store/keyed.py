"""Writing rows that have a key of their own, with an instant in it: rates, corporate actions."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any, TypeVar

from django.db import models, transaction

from prices.models import CorporateAction, Rate
from prices.models.decimals import rounded
from prices.store.series import Written

BATCH = 500  # rows in one statement
Row = TypeVar("Row", bound=models.Model)
Key = tuple[Any, ...]


def write_rates(rates: Sequence[Rate]) -> Written:
    """Store rates that are not saved yet; one of the same source and instant is replaced."""
    key = ("base_currency", "quote_currency", "kind", "source", "at")
    return _write(Rate, rates, key, ("rate",))


def write_corporate_actions(actions: Sequence[CorporateAction]) -> Written:
    """Store actions that are not saved yet; the same kind at the same instant is replaced."""
    key = ("instrument_id", "kind", "effective_at")
    return _write(CorporateAction, actions, key, ("price_factor", "volume_factor", "source"))


@transaction.atomic
def _write(
    model: type[Row], rows: Sequence[Row], key: tuple[str, ...], values: tuple[str, ...]
) -> Written:
    """Store each row; of two with the same key the later one counts."""
    for row in rows:
        row.clean_fields(exclude=values)  # SQLite does not measure texts
    wanted = {_of(row, key): row for row in rows}
    stored = _stored(model, wanted, key)
    new = [row for at, row in wanted.items() if at not in stored]
    changed = []
    for at, old in stored.items():
        if any(getattr(old, name) != _kept(getattr(wanted[at], name)) for name in values):
            for name in values:
                setattr(old, name, getattr(wanted[at], name))
            changed.append(old)
    model._default_manager.bulk_create(new, batch_size=BATCH)
    model._default_manager.bulk_update(changed, values, batch_size=BATCH)
    return Written(
        new=len(new), changed=len(changed), unchanged=len(rows) - len(new) - len(changed)
    )


def _stored(model: type[Row], wanted: dict[Key, Row], key: tuple[str, ...]) -> dict[Key, Row]:
    """Return the stored rows that have one of the keys: one query for each series."""
    series: dict[Key, list[datetime]] = defaultdict(list)
    for one in wanted:
        series[one[:-1]].append(one[-1])
    found: dict[Key, Row] = {}
    for names, instants in series.items():
        of_series = dict(zip(key, names, strict=False))
        window = {f"{key[-1]}__range": (min(instants), max(instants))}
        rows = model._default_manager.select_for_update().filter(**of_series, **window)
        found |= {_of(row, key): row for row in rows if _of(row, key) in wanted}
    return found


def _of(row: models.Model, key: tuple[str, ...]) -> Key:
    return tuple(getattr(row, name) for name in key)


def _kept(value: object) -> object:
    return rounded(value) if isinstance(value, Decimal) else value
