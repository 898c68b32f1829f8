"""What endpoints of portfolios may be asked."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from rest_framework import serializers
from rest_framework.exceptions import NotFound
from rest_framework.request import Request

from scheduling.rest.closed import Closed
from snapshots.performance.periods import Period
from snapshots.selectors.scope import NoPortfolio, Scope, find_scope
from snapshots.sources import SOURCES

DAY = timedelta(days=1)
# How far back a curve goes; None = to its beginning. A day and a week have quarters of an hour.
RANGES = {
    "1D": DAY, "1W": 7 * DAY, "1M": 31 * DAY, "3M": 92 * DAY, "YTD": 366 * DAY, "1Y": 366 * DAY,
    "Max": None,
}  # fmt: skip
QUARTERS = ("1D", "1W")


PERIODS = [one.value for one in Period]


def one_of(choices: Sequence[str], **options: Any) -> serializers.ChoiceField:
    """Return a field that names its choices to who gives another."""
    message = f'"{{input}}" is none of: {", ".join(choices)}.'
    return serializers.ChoiceField(
        choices=choices, error_messages={"invalid_choice": message}, **options
    )


class ScopeQuery(Closed):
    """Whose accounts, and which of them."""

    source = one_of(  # type: ignore[assignment]
        sorted(SOURCES), required=False, help_text="Accounts of this source only."
    )
    user_id = serializers.CharField(
        required=False,
        max_length=150,
        help_text="Whose accounts: a user's name or id; one's own, unless staff.",
    )
    account = serializers.IntegerField(
        required=False, min_value=1, help_text="This account only; /api/accounts lists them."
    )
    currency = serializers.RegexField(
        r"^[A-Z0-9]{2,10}\Z",
        required=False,
        help_text="USD, or the owner's reporting currency, which is taken if left out.",
    )


class PnlQuery(ScopeQuery):
    period = one_of(PERIODS, required=False, help_text="All if left out.")


class MetricsQuery(ScopeQuery):
    period = one_of(
        PERIODS,
        required=False,
        help_text="Measures of this period; of the whole past, turnover of 30 days, if left out.",
    )


class ChartQuery(ScopeQuery):
    format = one_of(
        ["json", "csv"],
        required=False,
        help_text="Where Accept leaves it open, as that of a browser.",
    )


class PeriodQuery(ChartQuery):
    period = one_of(PERIODS, default=Period.TODAY.value)


class CurveQuery(ChartQuery):
    range = one_of(list(RANGES), default="1M")


def asked(request: Request, query_class: type[ScopeQuery] = ScopeQuery) -> dict[str, Any]:
    """Return what is asked, checked."""
    query = query_class(data=request.query_params)
    query.is_valid(raise_exception=True)
    values: dict[str, Any] = query.validated_data
    return values


def scope_of(request: Request, values: dict[str, Any]) -> Scope:
    """Return the accounts that are asked for. Raise NotFound if one may not see them."""
    try:
        return find_scope(
            request.user,
            user_id=values.get("user_id", ""),
            source=values.get("source", ""),
            account_id=values.get("account"),
            currency=values.get("currency", ""),
        )
    except NoPortfolio as exc:
        raise NotFound(str(exc)) from exc
