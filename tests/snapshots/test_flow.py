from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
import time_machine
from django.core.exceptions import ValidationError
from django.test import TestCase
from django.urls import reverse

from prices.models import Rate
from snapshots.models import Flow
from tests.factories import make_user
from tests.snapshots.factories import make_account

AT = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)


def record(account, **values):
    given = {"at": AT, "amount": Decimal("50000")} | values
    flow, _ = Flow.objects.record(account=account, **given)
    return flow


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("wrong", "field", "message"),
    [
        pytest.param({"amount": Decimal(0)}, "amount", "0 is no flow", id="nothing"),
        pytest.param({"currency": "euro"}, "currency", "such as USD or EUR", id="currency"),
        pytest.param({"currency": "EUR"}, "fx_rate", "Give what one unit was in USD", id="rate"),
        pytest.param(
            {"currency": "EUR", "fx_rate": Decimal(-1)}, "fx_rate", "more than 0", id="negative"
        ),
        pytest.param(
            {"ticker": "BTC", "quantity": Decimal(-1)}, "quantity", "the same sign", id="sign"
        ),
        pytest.param({"quantity": Decimal(1)}, "ticker", "Say of what", id="ticker"),
    ],
)
def test_flow_that_cannot_be_counted_is_refused_at_its_field(wrong, field, message):
    with pytest.raises(ValidationError) as failure:
        record(make_account(), **wrong)

    assert message in failure.value.message_dict[field][0]


class FlowTests(TestCase):
    def test_is_worth_what_the_official_rate_of_its_day_says(self):
        for days, rate in ((-1, "1.08"), (1, "1.50")):
            Rate.objects.create(
                base_currency="EUR", quote_currency="USD", kind="official", source="ECB",
                at=AT + timedelta(days=days), rate=Decimal(rate),
            )  # fmt: skip

        flow = record(make_account(), currency="EUR")

        self.assertEqual((flow.amount_usd, flow.fx_source), (Decimal("54000"), "ECB"))

    def test_takes_the_rate_of_the_account_where_no_other_is_known(self):
        settings = {"path": "a.csv"}
        settings["usd_rate"] = {"rate": "1.1", "at": "2026-03-02", "source": "bank"}
        account = make_account(currency="EUR", settings=settings)

        flow = record(account, currency="EUR")

        self.assertEqual((flow.amount_usd, flow.fx_source), (Decimal("55000"), "bank"))

    def test_has_the_rate_of_its_new_day_or_currency_when_that_is_edited(self):
        for base, quote, days, rate in (
            ("EUR", "USD", -1, "1.08"), ("EUR", "USD", 20, "1.20"), ("USD", "KRW", -1, "1250"),
        ):  # fmt: skip
            Rate.objects.create(
                base_currency=base, quote_currency=quote, kind="official", source="ECB",
                at=AT + timedelta(days=days), rate=Decimal(rate),
            )  # fmt: skip
        flow = record(make_account(), currency="EUR")
        values = [flow.amount_usd]

        for name, value in (("at", AT + timedelta(days=21)), ("at", AT), ("currency", "KRW")):
            setattr(flow, name, value)
            flow.full_clean()
            flow.save()
            values.append(flow.amount_usd)

        self.assertEqual(values, [54000, 60000, 54000, 40])

    def test_is_kept_once_for_its_external_id(self):
        account = make_account()
        first = record(account, source="cointracking", external_id="7")

        again, is_new = Flow.objects.record(
            account=account, at=AT, amount=Decimal(1), source="cointracking", external_id="7"
        )

        self.assertEqual((again.pk, is_new), (first.pk, False))

    def test_that_came_with_the_baseline_is_not_within_what_follows(self):
        account = make_account()
        record(account)
        later = record(account, at=AT + timedelta(hours=1))

        found = Flow.objects.within(AT, AT + timedelta(hours=1))

        self.assertEqual(list(found), [later])

    def test_is_seen_by_its_owner_and_by_staff(self):
        record(make_account())
        staff, stranger = make_user(is_staff=True), make_user()

        seen = [Flow.objects.visible_to(user).count() for user in (staff, stranger)]

        self.assertEqual(seen, [1, 0])


class KnowsFlowsTests(TestCase):
    def test_only_between_the_instants_that_are_covered(self):
        day = timedelta(days=1)
        account = make_account(flows_known_since=AT, flows_known_until=AT + 2 * day)

        known = [account.knows_flows(AT + n * day, AT + (n + 1) * day) for n in (-1, 0, 1, 2)]

        self.assertEqual(known, [False, True, True, False])

    def test_end_without_a_beginning_is_refused(self):
        with self.assertRaisesMessage(ValidationError, "Say since when first"):
            make_account(flows_known_until=AT)


class FlowAdminTests(TestCase):
    def setUp(self):
        self.client.force_login(make_user("admin", is_staff=True, is_superuser=True))
        self.form = {
            "account": make_account().pk, "at_0": "2026-03-02", "at_1": "12:00:00",
            "amount": "-99000", "currency": "USD", "kind": "cash",
        }  # fmt: skip

    @time_machine.travel("2026-03-05T12:00:00Z", tick=False)
    def test_adds_a_flow_and_lists_it(self):
        self.client.post(reverse("admin:snapshots_flow_add"), self.form)

        page = self.client.get(reverse("admin:snapshots_flow_changelist"))

        self.assertContains(page, "-99,000.00 USD")
        self.assertContains(page, "Mon 2 Mar, 13:00")
        self.assertEqual(Flow.objects.get().amount_usd, Decimal(-99000))

    def test_the_form_tells_its_zone_and_no_zeros_of_the_database(self):
        self.client.post(reverse("admin:snapshots_flow_add"), self.form)

        page = self.client.get(reverse("admin:snapshots_flow_change", args=[Flow.objects.get().pk]))

        self.assertContains(page, "When it came or left. On the clock of UTC.")
        self.assertContains(page, 'value="-99000"')

    def test_says_what_is_wrong_at_its_field(self):
        page = self.client.post(
            reverse("admin:snapshots_flow_add"), self.form | {"currency": "EUR"}
        )

        self.assertContains(page, "Give what one unit was in USD.")
