"""Accounts and snapshots, in lists."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import django_filters
from django.db.models import QuerySet
from drf_spectacular.utils import extend_schema
from rest_framework.exceptions import NotFound
from rest_framework.generics import GenericAPIView
from rest_framework.request import Request
from rest_framework.response import Response

from scheduling.rest.filters import Filters, InstantFilter
from snapshots.answers.accounts import of_accounts
from snapshots.answers.telling import of_snapshot
from snapshots.api.serializers import ListedAccountSerializer, SnapshotSerializer
from snapshots.models import Account, Snapshot
from snapshots.selectors.scope import NoPortfolio, find_owner
from snapshots.sources import SOURCES


class UserFilter(django_filters.CharFilter):
    """By whose they are: a user's name or id. Raise NotFound as the other endpoints do."""

    def __init__(self, field_name: str) -> None:
        super().__init__(
            field_name, label="Whose: a user's name or id; staff see others'.", max_length=150
        )

    def filter(self, qs: QuerySet[Any], value: str) -> QuerySet[Any]:
        if not value:
            return qs
        try:
            owner = find_owner(self.parent.request.user, value)
        except NoPortfolio as exc:
            raise NotFound(str(exc)) from exc
        return qs.filter(**{self.field_name: owner})


def told(choices: Iterable[str]) -> dict[str, str]:
    """Return what is said of a wrong choice."""
    return {"invalid_choice": f"%(value)s is none of: {', '.join(choices)}."}


def source_filter(field_name: str) -> django_filters.ChoiceFilter:
    names = sorted(SOURCES)
    return django_filters.ChoiceFilter(
        field_name=field_name, choices=[(one, one) for one in names], error_messages=told(names)
    )


class AccountFilters(Filters):
    source = source_filter("source")
    user_id = UserFilter("owner")
    ordering = django_filters.OrderingFilter(fields=("id", "name", "source"))


class SnapshotFilters(Filters):
    account = django_filters.NumberFilter(field_name="account_id")
    source = source_filter("account__source")
    user_id = UserFilter("account__owner")
    kind = django_filters.MultipleChoiceFilter(
        choices=Snapshot.Kind.choices, error_messages=told(Snapshot.Kind.values)
    )
    status = django_filters.MultipleChoiceFilter(
        choices=Snapshot.Status.choices, error_messages=told(Snapshot.Status.values)
    )
    slot_from = InstantFilter(field_name="slot_at", lookup_expr="gte")
    slot_to = InstantFilter(field_name="slot_at", lookup_expr="lt", label="Exclusive.")
    business_date = django_filters.DateFilter(label="The day that it counts for: 2026-03-02.")


class AccountsView(GenericAPIView[Account]):
    queryset = Account.objects.none()
    filterset_class = AccountFilters

    def get_queryset(self) -> QuerySet[Account]:
        return Account.objects.visible_to(self.request.user).order_by("id")

    @extend_schema(
        summary="List accounts, each with its last snapshot and how fresh its data is",
        responses=ListedAccountSerializer(many=True),
        operation_id="accounts_list",
    )
    def get(self, request: Request) -> Response:
        page = self.paginate_queryset(self.filter_queryset(self.get_queryset())) or []
        return self.get_paginated_response(of_accounts(page))


class SnapshotsView(GenericAPIView[Snapshot]):
    queryset = Snapshot.objects.none()
    filterset_class = SnapshotFilters

    def get_queryset(self) -> QuerySet[Snapshot]:
        return Snapshot.objects.visible_to(self.request.user).order_by("-slot_at", "-id")

    @extend_schema(
        summary="List snapshots of all statuses, the newest first",
        responses=SnapshotSerializer(many=True),
        operation_id="snapshots_list",
    )
    def get(self, request: Request) -> Response:
        page = self.paginate_queryset(self.filter_queryset(self.get_queryset())) or []
        return self.get_paginated_response([of_snapshot(one) for one in page])
