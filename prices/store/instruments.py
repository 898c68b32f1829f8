"""Writing a venue's list of instruments: adds, updates, renames, and delists softly."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import asdict, dataclass, fields
from datetime import date, datetime

from django.db import transaction

from prices.models import Fundamentals, Instrument, InstrumentAlias
from prices.venues.base import ListedInstrument, VenueFundamentals

MOST_DELISTED = 0.1  # of a market's instruments: a list that lacks more of them is cut off
BATCH = 500  # rows in one statement
COPIED = ("market", "symbol", "name", "local_name", "kind", "base_currency", "quote_currency")
UPDATED = (*COPIED, "state", "warnings", "listed_on", "delisted_on", "last_listed_at")
FIGURES = [field.name for field in fields(VenueFundamentals)]


@dataclass(frozen=True, slots=True, kw_only=True)
class Collected:
    """How many instruments were added, updated, renamed or delisted, or are as they were.

    refused  how many are missing from markets that lack too many: none of these was delisted
    """

    added: int = 0
    updated: int = 0
    renamed: int = 0
    unchanged: int = 0
    delisted: int = 0
    refused: int = 0


@transaction.atomic
def write_instruments(
    venue: str,
    listed: Sequence[ListedInstrument],
    *,
    now: datetime,
    today: date,
    renamed: Mapping[str, str] | None = None,
    tracked_markets: Collection[str] = (),
) -> Collected:
    """Store what a venue lists now, with the fundamentals in it; return what came of it.

    What is missing is delisted and stays, with its candles. If more than a tenth of a market is
    missing (and more than one), the list is taken for cut off, and nothing of that market is
    delisted. A market of which nothing is listed was not asked for: it is left alone. An empty
    list is no list.

    today            the date at the venue
    renamed          ids of old, each with the one that the venue uses now
    tracked_markets  whose new instruments are tracked; what is known stays as people left it
    """
    moved = _rename(venue, renamed or {}, today)
    locked = Instrument.objects.select_for_update(no_key=True).filter(venue=venue)
    known = {instrument.venue_id: instrument for instrument in locked.order_by("pk")}
    added: list[Instrument] = []
    updated: list[Instrument] = []
    unchanged: list[Instrument] = []
    for item in listed:
        instrument = known.get(item.venue_id) or Instrument(venue=venue, venue_id=item.venue_id)
        before = _values(instrument)
        _take_over(instrument, item, now)
        if instrument.pk is None:
            instrument.is_tracked = item.market in tracked_markets
            added.append(instrument)
        else:
            (unchanged if _values(instrument) == before else updated).append(instrument)
    gone, refused = _missing(known.values(), listed)
    for instrument in gone:
        instrument.state, instrument.delisted_on = Instrument.State.DELISTED, today
    Instrument.objects.bulk_create(added, batch_size=BATCH)
    Instrument.objects.bulk_update([*updated, *gone], UPDATED, batch_size=BATCH)
    Instrument.objects.filter(pk__in=[each.pk for each in unchanged]).update(last_listed_at=now)
    _write_fundamentals([*known.values(), *added], listed, today)
    return Collected(
        added=len(added),
        updated=len(updated),
        renamed=moved,
        unchanged=len(unchanged),
        delisted=len(gone),
        refused=refused,
    )


def _rename(venue: str, renamed: Mapping[str, str], today: date) -> int:
    """Give instruments the ids that the venue uses now, unless another one has them already."""
    moved = 0
    of_venue = Instrument.objects.filter(venue=venue)
    for old, new in renamed.items():
        instrument = of_venue.filter(venue_id=old).first()
        if instrument is None or of_venue.filter(venue_id=new).exists():
            continue
        InstrumentAlias.objects.create(instrument=instrument, venue_id=old, renamed_on=today)
        of_venue.filter(pk=instrument.pk).update(venue_id=new)
        moved += 1
    return moved


def _values(instrument: Instrument) -> tuple[object, ...]:
    return tuple(getattr(instrument, name) for name in UPDATED if name != "last_listed_at")


def _take_over(instrument: Instrument, item: ListedInstrument, now: datetime) -> None:
    for name in COPIED:
        setattr(instrument, name, getattr(item, name))
    instrument.warnings = list(item.warnings)
    instrument.listed_on = item.listed_on or instrument.listed_on
    instrument.state = Instrument.State.HALTED if item.is_halted else Instrument.State.TRADING
    instrument.delisted_on = None
    instrument.last_listed_at = now


def _missing(
    known: Collection[Instrument], listed: Sequence[ListedInstrument]
) -> tuple[list[Instrument], int]:
    """Return which instruments to delist, and how many are missing that are not to be."""
    here = {item.venue_id for item in listed}
    markets = {item.market for item in listed} or {each.market for each in known}
    before = [
        each
        for each in known
        if each.market in markets
        and (each.venue_id in here or each.state != Instrument.State.DELISTED)
    ]
    absent = [each for each in before if each.venue_id not in here]
    sizes, lacks = Counter(e.market for e in before), Counter(e.market for e in absent)
    most = {market: max(1, MOST_DELISTED * size) for market, size in sizes.items()} if here else {}
    gone = [each for each in absent if lacks[each.market] <= most.get(each.market, 0)]
    return gone, len(absent) - len(gone)


def _write_fundamentals(
    instruments: Collection[Instrument], listed: Sequence[ListedInstrument], today: date
) -> None:
    by_id = {instrument.venue_id: instrument for instrument in instruments}
    Fundamentals.objects.bulk_create(
        [
            Fundamentals(
                instrument=by_id[item.venue_id], stated_on=today, **asdict(item.fundamentals)
            )
            for item in listed
            if item.fundamentals is not None
        ],
        batch_size=BATCH,
        update_conflicts=True,
        unique_fields=["instrument", "stated_on"],
        update_fields=FIGURES,
    )
