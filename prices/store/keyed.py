"""Writing rows that have a key of their own and come in small numbers: rates, corporate actions."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import TypeVar

from django.db import models, transaction

from prices.models import CorporateAction, Rate
from prices.models.decimals import rounded
from prices.store.series import Written

Row = TypeVar("Row", bound=models.Model)


def write_rates(rates: Sequence[Rate]) -> Written:
    """Store rates that are not saved yet; one of the same source and instant is replaced."""
    key = ("base_currency", "quote_currency", "kind", "source", "at")
    return _write(rates, key, ("rate",))


def write_corporate_actions(actions: Sequence[CorporateAction]) -> Written:
    """Store actions that are not saved yet; the same kind at the same instant is replaced."""
    key = ("instrument_id", "kind", "effective_at")
    return _write(actions, key, ("price_factor", "volume_factor", "source"))


@transaction.atomic
def _write(rows: Sequence[Row], key: tuple[str, ...], values: tuple[str, ...]) -> Written:
    new = changed = 0
    for row in rows:
        row.clean_fields(exclude=values)
        model = type(row)
        same = model._default_manager.filter(**{name: getattr(row, name) for name in key})
        stored = same.select_for_update().first()
        if stored is None:
            row.save(force_insert=True)
            new += 1
        elif any(getattr(stored, name) != _kept(getattr(row, name)) for name in values):
            for name in values:
                setattr(stored, name, getattr(row, name))
            stored.save(update_fields=values)
            changed += 1
    return Written(new=new, changed=changed, unchanged=len(rows) - new - changed)


def _kept(value: object) -> object:
    return rounded(value) if isinstance(value, Decimal) else value
