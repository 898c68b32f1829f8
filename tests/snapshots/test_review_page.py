from __future__ import annotations

import pytest
from django.contrib.auth.models import Permission
from django.urls import reverse

from snapshots.models import Snapshot
from snapshots.sources.base import SourceUnavailable
from tests.factories import make_user
from tests.snapshots.scripted import USUAL, make_scripted, scripted_sources, statement, take

pytestmark = pytest.mark.django_db
HALF = {"Kraken": USUAL["Kraken"]}
LIST = "admin:snapshots_snapshot_changelist"
PAGE = reverse("admin:snapshots_snapshot_review")


@pytest.fixture(autouse=True)
def _sources():
    with scripted_sources():
        yield


@pytest.fixture
def suspects():
    account, script = make_scripted()
    take(account, script, statement())
    return [take(account, script, statement(HALF), quarter=quarter).snapshot for quarter in (1, 2)]


def page_of(snapshot):
    return reverse("admin:snapshots_snapshot_change", args=[snapshot.pk])


def test_page_shows_why_and_the_list_leads_there(admin_client, suspects):
    ids = [snapshot.pk for snapshot in suspects]
    action = {"action": "review_selected", "_selected_action": ids}

    page = admin_client.post(reverse("admin:snapshots_snapshot_changelist"), action, follow=True)

    assert page.request["QUERY_STRING"] == f"ids={ids[0]}%2C{ids[1]}"
    assert b"of the value vanished" in page.content
    assert b"Review 2 snapshots" in page.content


def test_page_of_one_shows_what_changed_in_the_accounts_own_time(admin_client, suspects):
    page = admin_client.get(f"{PAGE}?ids={suspects[0].pk}").content.decode()

    assert "-15,000.00 USD (-15.79 %)" in page
    assert '<td data-label="Ticker">SOL</td>' in page
    assert "vanished</span>" in page
    assert "2026-03-02 14:45 Europe/Zurich" in page
    assert "Total value in USD" in page
    assert "USD per unit" not in page
    assert "-15.79 %" in admin_client.get(reverse(LIST)).content.decode()


def test_accepting_many_is_written_down_for_each(admin_client, suspects):
    url = f"{PAGE}?ids={suspects[0].pk},{suspects[1].pk}"

    admin_client.post(url, {"verdict": "accept", "reason": "Sold at the desk."})

    assert not Snapshot.objects.filter(status="suspect").exists()
    page = admin_client.get(page_of(suspects[0]))
    assert b"Sold at the desk." in page.content
    assert "suspect → accepted".encode() in page.content


def test_editing_one_needs_a_value_and_shows_before_and_after(admin_client, suspects):
    url = f"{PAGE}?ids={suspects[0].pk}"
    given = {"verdict": "edit", "reason": "From the broker's letter."}

    empty = admin_client.post(url, given)
    done = admin_client.post(url, given | {"total_value": "94000"})

    assert b"Say what the account was worth." in empty.content
    assert done.url == page_of(suspects[0])
    assert "80,000.00 → 94,000.00".encode() in admin_client.get(done.url).content


def test_what_is_refused_is_told(admin_client, suspects):
    accepted = Snapshot.objects.get(status="accepted")

    page = admin_client.post(f"{PAGE}?ids={accepted.pk}", {"verdict": "accept", "reason": "x"})

    assert b"only what is suspect or rejected is accepted" in page.content
    missing = admin_client.post(f"{PAGE}?ids={accepted.pk}", {"verdict": "reject", "reason": " "})
    assert b"This field is required." in missing.content


def test_a_gap_has_a_page(admin_client):
    gap = take(*make_scripted(), SourceUnavailable("502 Bad Gateway")).snapshot

    page = admin_client.get(page_of(gap))

    assert b"502 Bad Gateway" in page.content
    assert admin_client.get(reverse("admin:snapshots_snapshot_changelist")).status_code == 200


def test_only_who_may_decides(client, suspects):
    clerk = make_user("clerk", is_staff=True)
    clerk.user_permissions.add(Permission.objects.get(codename="view_snapshot"))
    client.force_login(clerk)

    page = client.post(f"{PAGE}?ids={suspects[0].pk}", {"verdict": "reject", "reason": "x"})

    assert page.status_code == 403
    suspects[0].refresh_from_db()
    assert suspects[0].status == "suspect"


def test_an_unknown_snapshot_is_not_found(admin_client):
    assert admin_client.get(f"{PAGE}?ids=999,x,²").status_code == 404
