from __future__ import annotations

from datetime import UTC, datetime

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError
from django.test import TestCase

from snapshots.models import Account
from tests.factories import make_user
from tests.snapshots.factories import make_account

RATE = {"rate": "1.0823", "at": "2026-03-02", "source": "ECB"}


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("wrong", "field", "message"),
    [
        pytest.param({"source": "kraken"}, "source", "is not a valid choice", id="source"),
        pytest.param({"timezone": "Zurich"}, "timezone", "'Zurich' is no time zone", id="zone"),
        pytest.param({"currency": "euro"}, "currency", "such as USD or EUR", id="currency"),
        pytest.param({"wants_eod": False}, "wants_eod", "from ends of days", id="no-end-of-day"),
        pytest.param({"settings": {"path": 5}}, "settings", "is the CSV file", id="path"),
        pytest.param(
            {"settings": {"path": "a.csv", "stale_after_hours": "2 days"}},
            "settings",
            "Use a number of hours",
            id="limit",
        ),
        pytest.param({"settings": ["a.csv"]}, "settings", "Expected an object", id="list"),
        pytest.param(
            {"settings": {"path": "a.csv", "usd_rate": RATE | {"rate": "-1"}}},
            "settings",
            "is more than 0",
            id="rate",
        ),
    ],
)
def test_account_that_cannot_work_is_refused_at_its_field(wrong, field, message):
    with pytest.raises(ValidationError) as failure:
        make_account(**wrong)

    assert message in failure.value.message_dict[field][0]


class EnsureTests(TestCase):
    def test_makes_an_account_once(self):
        jack = make_user("jack")

        first = make_account(jack)
        again, is_new = Account.objects.ensure(
            owner=jack, source="cointracking", name="Main", settings={"path": "other.csv"}
        )

        self.assertEqual((again, is_new), (first, False))
        self.assertEqual(again.settings, {"path": "balance.csv"})

    def test_names_may_repeat_among_owners(self):
        make_account(make_user("jack"))

        make_account(make_user("jill"))

        self.assertEqual(Account.objects.count(), 2)


class AccountTests(TestCase):
    def test_is_one_per_owner_source_and_name(self):
        account = make_account()

        with self.assertRaises(IntegrityError):
            Account.objects.create(owner=account.owner, source="cointracking", name="Main")

    def test_is_seen_by_its_owner_and_by_staff(self):
        account = make_account()

        for user, seen in (
            (account.owner, True),
            (make_user("charlie"), False),
            (make_user("anna", is_staff=True), True),
        ):
            self.assertIs(Account.objects.visible_to(user).exists(), seen)


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("learnt", "known"),
    [
        pytest.param([(1, 5), (4, 9)], (1, 9), id="they-overlap"),
        pytest.param([(4, 9), (1, 4)], (1, 9), id="they-meet"),
        pytest.param([(1, 3), (6, 9)], (1, 3), id="a-gap-is-kept-open"),
    ],
)
def test_flows_are_known_where_imports_meet(learnt, known):
    account = make_account()
    day = {number: datetime(2026, 3, number, tzinfo=UTC) for number in range(1, 10)}

    for since, until in learnt:
        account.learn_flows(day[since], day[until])

    account.refresh_from_db()
    window = (account.flows_known_since, account.flows_known_until)
    assert window == (day[known[0]], day[known[1]])
