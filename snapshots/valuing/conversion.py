"""Find what a currency was worth in another one, as far as anybody said so."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from decimal import Decimal, localcontext
from typing import Any

from prices.models import Rate
from prices.selectors import RateMissing, get_rate
from snapshots.valuing.rates import USD, Rates, UsdRate, find_manual_rate

MAX_AGE = timedelta(days=7)  # central banks name none over Easter


def find_rates(
    currency: str, reporting_currency: str, settings: Mapping[str, Any], *, at: datetime
) -> Rates | None:
    """Return the rates at `at`; None if one of them is not known: it is never 1.

    settings  of the account: a rate in there is its owner's word, and comes first for MAX_AGE;
              then it stands where there is no official one
    """
    to_usd = to_reporting = None
    if currency != USD:
        given = find_manual_rate(settings)
        is_fresh = given is not None and at - given.at <= MAX_AGE
        to_usd = given if is_fresh else find_rate(currency, USD, at=at) or given
        if to_usd is None:
            return None
    if reporting_currency == USD:
        to_reporting = to_usd
    elif reporting_currency != currency:
        to_reporting = find_rate(currency, reporting_currency, at=at) or _crossed(
            to_usd, find_rate(USD, reporting_currency, at=at)
        )
        if to_reporting is None:
            return None
    return Rates(to_usd=to_usd, reporting_currency=reporting_currency, to_reporting=to_reporting)


def find_rate(base: str, quote: str, *, at: datetime) -> UsdRate | None:
    """Return the newest official rate, as it was said or turned round; None if there is none."""
    said = _said(base, quote, at)
    if said is not None:
        return said
    turned = _said(quote, base, at)
    if turned is None:
        return None
    with localcontext(prec=40):
        return replace(turned, rate=1 / turned.rate)


def _said(base: str, quote: str, at: datetime) -> UsdRate | None:
    try:
        found = get_rate(base, quote, kind=Rate.Kind.OFFICIAL, at=at, max_age=MAX_AGE)
    except RateMissing:
        return None
    return UsdRate(rate=found.rate, at=found.at, source=found.source)


def _crossed(first: UsdRate | None, second: UsdRate | None) -> UsdRate | None:
    """Return the rate by way of USD, as old as the older of the two."""
    if first is None or second is None:
        return second if first is None else None
    with localcontext(prec=40):
        rate = first.rate * second.rate
    source = " and ".join(dict.fromkeys((first.source, second.source)))[:100]
    return UsdRate(rate=Decimal(rate), at=min(first.at, second.at), source=source)
