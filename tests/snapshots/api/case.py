"""Alice has a portfolio, Bob has none, Steve is staff."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from django.contrib.auth.models import User
from django.core.cache import cache
from django.test import TestCase
from rest_framework.test import APIClient

from snapshots.models import Account, Snapshot
from tests.factories import make_user
from tests.snapshots.curves import days, make_tracked, put, quarter

NOON = datetime(2026, 3, 4, 12, 0, tzinfo=UTC)


def client_of(user: Any) -> APIClient:
    client = APIClient()
    client.force_authenticate(user)
    return client


class PortfolioTestCase(TestCase):
    alice: User
    bob: User
    steve: User
    account: Account
    now: Snapshot

    @classmethod
    def setUpTestData(cls) -> None:
        cls.alice, cls.bob = make_user("alice"), make_user("bob")
        cls.steve = make_user("steve", is_staff=True)
        cls.account = make_tracked(cls.alice)
        _, before = days(cls.account, [100, 110])
        cls.now = quarter(cls.account, NOON, 121)
        put(before, "BTC", 1, 110)
        put(cls.now, "BTC", 1, 121)

    def setUp(self) -> None:
        cache.clear()
        self.api, self.staff_api = client_of(self.alice), client_of(self.steve)
        self.bobs_api = client_of(self.bob)

    def get(self, path: str, **query: Any) -> Any:
        """Return what Alice gets."""
        response = self.api.get(path, query)
        self.assertEqual(response.status_code, 200, response.content)
        return response.json()
