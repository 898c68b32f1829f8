"""Open a venue as the settings say."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from django.conf import settings

from prices.access_tokens import DatabaseTokens
from prices.gate import DatabaseGate
from prices.venues.base import Venue, VenueError
from prices.venues.by_ccxt.limits import calls_per_second
from prices.venues.by_ccxt.names import known_exchanges, nearest
from prices.venues.by_ccxt.transport import make_exchange
from prices.venues.by_ccxt.venue import CcxtVenue
from prices.venues.caller import Address, Caller
from prices.venues.kis import Kis
from prices.venues.kis_calls import GROUP, Keys, Login
from prices.venues.upbit import Upbit
from vault.secret import Secret


class UnknownVenue(VenueError):
    """Neither Daybook nor ccxt has a venue of this name."""


def open_venue(name: str) -> Venue:
    """Return the venue `name`, behind the gate that everybody shares. Raise UnknownVenue.

    name  of VENUES, or of any exchange that ccxt knows
    """
    if name in VENUES:
        return VENUES[name]()
    refuse_unknown(name)
    return _open_by_ccxt(name)


def venue_names() -> tuple[str, ...]:
    """Return the venues of this installation: those built in, and those of CCXT_EXCHANGES."""
    return (*VENUES, *(name for name in settings.CCXT_EXCHANGES if name not in VENUES))


def refuse_unknown(name: str) -> None:
    """Raise UnknownVenue, with the names that may have been meant, if nobody knows `name`."""
    known = known_exchanges().union(VENUES)
    if name not in known:
        meant = nearest(name, known) or sorted(VENUES)
        raise UnknownVenue(
            f"There is no venue {name!r}. Did you mean {' or '.join(meant)}? Built in are "
            f"{' and '.join(sorted(VENUES))}; ccxt knows {len(known_exchanges())} exchanges."
        )


def missing_settings(name: str) -> tuple[str, ...]:
    """Return the settings without which the venue tells no prices."""
    needed = {"kis": ("KIS_APP_KEY", "KIS_APP_SECRET")}.get(name, ())
    return tuple(setting for setting in needed if not getattr(settings, setting))


def _open_upbit() -> Venue:
    gate = DatabaseGate(Upbit.name, "", Upbit.calls_per_second)
    return Upbit(_address(settings.UPBIT_URL), gate)


def _open_kis() -> Venue:
    login, mark = None, ""
    if not missing_settings(Kis.name):
        keys = Keys(Secret(settings.KIS_APP_KEY), Secret(settings.KIS_APP_SECRET))
        login, mark = Login(keys, DatabaseTokens(Kis.name, keys.mark)), keys.mark
    paces = {**Kis.calls_per_second, GROUP: settings.KIS_CALLS_PER_SECOND}
    return Kis(
        _address(settings.KIS_URL),
        _address(settings.KIS_MASTER_URL),
        DatabaseGate(Kis.name, mark, paces),
        login=login,
        markets=settings.KIS_MARKETS,
    )


def _open_by_ccxt(name: str) -> Venue:
    given = settings.CCXT_SETTINGS.get(name, {})
    url = given.get("url", "")
    keys = {field: value for field, value in given.items() if field != "url"}
    exchange = make_exchange(name, address=url, keys=keys)
    gate = DatabaseGate(name, "", calls_per_second(exchange))
    return CcxtVenue(exchange, Caller(name, _address(url), gate))


def _address(url: str) -> Address:
    return Address(
        url=url,
        connect_timeout=settings.VENUE_CONNECT_TIMEOUT,
        read_timeout=settings.VENUE_READ_TIMEOUT,
    )


VENUES: Mapping[str, Callable[[], Venue]] = {"kis": _open_kis, "upbit": _open_upbit}
