"""What the name of a file says, as freqtrade writes it: binance/BTC_USDT-1h.feather."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from django.db.models import Q

from prices.candle_files.fields import InvalidFile
from prices.models import Instrument, Interval

NAME = re.compile(r"(?P<pair>.+)-(?P<interval>\d{1,3}[A-Za-z]{1,2})(-(?P<kind>[a-z_]+))?")
REPLACED = re.compile(r"[/ .@$+:]")  # by freqtrade, with an underscore


@dataclass(frozen=True, slots=True, kw_only=True)
class Named:
    """What a file's name says; empty = nothing."""

    venue: str = ""
    pair: str = ""
    interval: str = ""


def read_name(path: Path) -> Named:
    """Return what the name says. Raise InvalidFile if it is no candles that it names."""
    found = NAME.fullmatch(path.name.split(".")[0])
    if not found:
        return Named()
    kind = found["kind"] or "spot"
    if kind not in ("spot", "futures"):
        raise InvalidFile(f"{path.name} has no candles of trades, but of {kind}.")
    folder = path.resolve().parent
    venue = folder.parent.name if folder.name == "futures" else folder.name
    return Named(venue=venue, pair=found["pair"], interval=found["interval"])


def find_instrument(named: Named) -> Instrument | None:
    """Return the one instrument that a file's name means; None if there is none, or several."""
    if not named.pair:
        return None
    own = Instrument.objects.filter(venue=named.venue)
    instruments = own if own.exists() else Instrument.objects.all()
    meant = [
        each
        for each in instruments.only("symbol", "venue_id").iterator()
        if named.pair in (REPLACED.sub("_", each.symbol), each.venue_id)
    ]
    return Instrument.objects.get(pk=meant[0].pk) if len(meant) == 1 else None


def get_instrument(text: str) -> Instrument:
    """Return the instrument that `text` names: upbit:KRW-BTC, KRW-BTC or BTC/KRW.

    Raise InvalidFile if nothing or more than one thing is called so.
    """
    venue, colon, rest = text.partition(":")
    found = _called(text)
    if colon and not found:
        found = [each for each in _called(rest) if each.venue == venue.lower()]
    if len(found) == 1:
        return found[0]
    if found:
        several = ", ".join(f"{each.venue}:{each.venue_id}" for each in found[:5])
        raise InvalidFile(f"{text!r} may be {several}. Say which: --instrument venue:id.")
    raise InvalidFile(
        f"There is no instrument {text!r}. Collect the list of its venue (collect_symbols), or add "
        "it with --symbol BTC/USDT, if nobody lists it any more."
    )


def add_instrument(text: str, symbol: str) -> Instrument:
    """Add the instrument venue:id, a pair such as BTC/USDT; one that exists stays as it is."""
    venue, colon, venue_id = text.partition(":")
    base, slash, quote = symbol.partition("/")
    if not (colon and venue and venue_id and slash and base and quote):
        raise InvalidFile("To add one write --instrument venue:id --symbol BASE/QUOTE.")
    values = {"symbol": symbol, "kind": "crypto", "base_currency": base, "quote_currency": quote}
    return Instrument.objects.get_or_create(
        venue=venue.lower(), venue_id=venue_id, defaults=values
    )[0]


def get_interval(text: str) -> str:
    """Return the interval. Raise InvalidFile if it is none of ours."""
    if text not in Interval.values:
        wrong = f"{text!r} is no interval. " if text else ""
        known = ", ".join(Interval.values)
        raise InvalidFile(f"{wrong}Say how long its candles are: --interval {known}.")
    return text


def _called(name: str) -> list[Instrument]:
    by_id = list(Instrument.objects.filter(Q(venue_id=name) | Q(aliases__venue_id=name)).distinct())
    return by_id or list(Instrument.objects.filter(symbol=name))
