"""Which instruments of which venues are meant."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from difflib import get_close_matches

from django.conf import settings
from django.db.models import Q, QuerySet

from prices.models import Instrument
from prices.opening import VENUES, venue_names

ALL = "all"
EACH = "*"  # in a name: upbit:* are all instruments of Upbit


class NoSuchInstrument(Exception):
    """Nothing that is known fits what was asked for. The message says what was meant, perhaps."""


class NoSuchMarket(NoSuchInstrument):
    """A venue has no part of that name. The message says which it has."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Selection:
    """What somebody wants collected; all conditions hold together.

    exchange      a venue, several with commas between, or "all"
    market        a venue's part, in upper or lower case; None = all
    symbols       each upbit:KRW-BTC, KRW-BTC, BTC/KRW or upbit:*; none = all
    only_tracked  has no meaning for instruments that are named
    """

    exchange: str = ALL
    market: str | None = None
    symbols: Sequence[str] = ()
    only_tracked: bool = False

    @property
    def is_for_all(self) -> bool:
        """Tell whether no venue was named, so that one may be left out."""
        return self.exchange.strip().lower() == ALL and not self.symbols

    def venues(self) -> list[str]:
        """Return the names of the venues to ask, in order."""
        if self.exchange.strip().lower() != ALL:
            return names_in(self.exchange)
        if self.symbols:
            return self._venues_of_symbols()
        if self.only_tracked:
            known = set(Instrument.objects.filter(is_tracked=True).values_list("venue", flat=True))
            return sorted(known.union(venue for venue, _ in settings.TRACKED_MARKETS))
        return list(venue_names())

    def instruments(self, venue: str) -> list[Instrument]:
        """Return the instruments of a venue that are meant.

        Those that the venue lists no more are meant only if they are named. Raise NoSuchMarket.
        """
        found = Instrument.objects.filter(venue=venue).order_by("venue_id")
        if self.market is not None:
            found = self._in_market(found, venue)
        if self.symbols:
            return list(found.filter(self._named(venue)).distinct())
        if self.only_tracked:
            found = found.filter(is_tracked=True)
        return list(found.exclude(state=Instrument.State.DELISTED))

    def said(self) -> str:
        """Return what is meant, for a sentence."""
        if self.only_tracked and not self.symbols:
            return "tracked (mark some in the admin, or set TRACKED_MARKETS)"
        return f"listed at {self.exchange}" + (f", {self.market}" if self.market else "")

    def refuse_unknown_symbols(self) -> None:
        """Raise NoSuchInstrument if one of the symbols names nothing that is known."""
        for symbol in self.symbols:
            if symbol.endswith(f":{EACH}") or Instrument.objects.filter(named(symbol)).exists():
                continue
            raise NoSuchInstrument(
                f"No instrument is called {symbol!r}.{_close_to(symbol)} Write upbit:KRW-BTC, "
                "KRW-BTC or BTC/KRW; collect_symbols fetches what an exchange lists."
            )

    def _venues_of_symbols(self) -> list[str]:
        venues: set[str] = set()
        for symbol in self.symbols:
            venue, _, rest = symbol.partition(":")
            if rest == EACH or (rest and venue in venue_names()):  # its list may not be here yet
                venues.add(venue)
            else:
                found = Instrument.objects.filter(named(symbol))
                venues.update(found.values_list("venue", flat=True))
        return sorted(venues)

    def _in_market(self, found: QuerySet[Instrument], venue: str) -> QuerySet[Instrument]:
        of_market = found.filter(market__iexact=self.market or "")
        if found.exists() and not of_market.exists():
            markets = found.order_by("market").values_list("market", flat=True).distinct()
            known = ", ".join(market for market in markets if market) or "none"
            raise NoSuchMarket(f"{venue} has no market {self.market!r}. Known: {known}.")
        return of_market

    def _named(self, venue: str) -> Q:
        meant = Q(pk__in=[])
        for symbol in self.symbols:
            meant |= Q(venue=venue) if symbol == f"{venue}:{EACH}" else named(symbol)
        return meant


def by_ccxt() -> list[str]:
    """Return the venues that this installation reaches by ccxt."""
    return [venue for venue in venue_names() if venue not in VENUES]


def built_in() -> list[str]:
    """Return the venues that Daybook has a client of its own for."""
    return sorted(VENUES)


def names_in(text: str) -> list[str]:
    """Return the names that stand between commas, each once."""
    return list(dict.fromkeys(part.strip().lower() for part in text.split(",") if part.strip()))


def named(symbol: str) -> Q:
    """Return the condition of what people call `symbol`, also by an id of old."""
    venue, colon, rest = symbol.partition(":")
    whole = Q(venue_id=symbol) | Q(symbol=symbol) | Q(aliases__venue_id=symbol)
    if not colon:
        return whole
    inner = Q(venue_id=rest) | Q(symbol=rest) | Q(aliases__venue_id=rest)
    return whole | (Q(venue=venue) & inner)  # ccxt has symbols with a colon: BTC/USDT:USDT


def get_one(symbol: str) -> Instrument:
    """Return the instrument that is called so. Raise NoSuchInstrument if none is, or several."""
    found = list(Instrument.objects.filter(named(symbol)).distinct()[:2])
    if not found:
        Selection(symbols=[symbol]).refuse_unknown_symbols()
    if len(found) > 1:
        names = " and ".join(map(name_of, found))
        raise NoSuchInstrument(f"{symbol!r} may be {names}. Say which.")
    return found[0]


def name_of(instrument: Instrument) -> str:
    """Return the name by which a selection finds this instrument and no other one."""
    return f"{instrument.venue}:{instrument.venue_id}"


def _close_to(symbol: str) -> str:
    close = get_close_matches(symbol.upper(), list(_known_names()), n=1, cutoff=0.7)
    return f" Did you mean {close[0]!r}?" if close else ""


def _known_names() -> Iterator[str]:
    for names in Instrument.objects.values_list("venue_id", "symbol").iterator():
        yield from names
