"""Writing what instruments were traded at last: one row each."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.db import transaction

from prices.models import Instrument, LastPrice
from prices.models.decimals import rounded
from prices.store.series import Written
from prices.venues import base

BATCH = 500  # rows in one statement
VALUES = ("price", "traded_at", "volume", "quote_volume")


@transaction.atomic
def write_last_prices(
    venue: str, prices: Iterable[base.LastPrice], *, fetched_at: datetime
) -> tuple[Written, int]:
    """Store the last prices of a venue's instruments; return what came of them.

    The second number counts those whose instrument is not known: collect the list first. What was
    fetched later stays.
    """
    known = dict(Instrument.objects.filter(venue=venue).values_list("venue_id", "pk"))
    locked = LastPrice.objects.select_for_update().filter(instrument__venue=venue)
    stored = {row.instrument_id: row for row in locked.order_by("pk")}
    new: list[LastPrice] = []
    changed: list[LastPrice] = []
    unchanged: list[int] = []
    unknown = 0
    for price in prices:
        pk = known.get(price.venue_id)
        old = stored.get(pk) if pk else None
        values = {name: getattr(price, name) for name in VALUES}
        if pk is None:
            unknown += 1
        elif old is None:
            new.append(LastPrice(instrument_id=pk, fetched_at=fetched_at, **values))
        elif old.fetched_at > fetched_at or _is_as_stored(old, values):
            unchanged.append(pk)
        else:
            changed.append(LastPrice(instrument_id=pk, fetched_at=fetched_at, **values))
    LastPrice.objects.bulk_create(new, batch_size=BATCH)
    LastPrice.objects.bulk_update(changed, [*VALUES, "fetched_at"], batch_size=BATCH)
    again = LastPrice.objects.filter(pk__in=unchanged, fetched_at__lt=fetched_at)
    again.update(fetched_at=fetched_at)
    return Written(new=len(new), changed=len(changed), unchanged=len(unchanged)), unknown


def _is_as_stored(old: LastPrice, values: dict[str, Any]) -> bool:
    return all(
        getattr(old, name) == (rounded(value) if isinstance(value, Decimal) else value)
        for name, value in values.items()
    )
