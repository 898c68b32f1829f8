"""Accept, reject or edit snapshots, with a reason: one page for one of them or for many."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import path, reverse
from django.urls.resolvers import URLPattern
from django.utils import timezone
from unfold.admin import ModelAdmin
from unfold.widgets import (
    UnfoldAdminDecimalFieldWidget,
    UnfoldAdminSelectWidget,
    UnfoldAdminTextareaWidget,
)

from snapshots.admin.cells import changes_table, local, state_label
from snapshots.capture.judging_again import judge_again
from snapshots.exceptions import ReviewRefused
from snapshots.models import Account, Snapshot
from snapshots.valuing.rates import USD
from snapshots.valuing.valuation import MissingRate

if TYPE_CHECKING:
    from django.contrib.auth.models import AbstractBaseUser

VERDICTS = [
    ("", "Choose"),
    ("accept", "Accept: it enters the curves as it is"),
    ("reject", "Reject: it becomes a gap, and its values stay to be seen"),
    ("edit", "Edit: I say what the account was worth"),
]
MOST = 500  # at once
LIST = "admin:snapshots_snapshot_changelist"


class ReviewForm(forms.Form):
    """What somebody decides. The values are for an edit, which is for one snapshot only."""

    verdict = forms.ChoiceField(choices=VERDICTS, widget=UnfoldAdminSelectWidget)
    reason = forms.CharField(
        max_length=1000,
        widget=UnfoldAdminTextareaWidget(attrs={"rows": 3}),
        help_text="Kept for ever, with your name and the time.",
    )
    total_value = forms.DecimalField(
        required=False,
        max_digits=38,
        decimal_places=18,
        widget=UnfoldAdminDecimalFieldWidget,
        help_text="To edit: what the whole account was worth.",
    )
    fx_rate = forms.DecimalField(
        required=False,
        max_digits=38,
        decimal_places=18,
        label="USD per unit",
        widget=UnfoldAdminDecimalFieldWidget,
        help_text="To edit: empty takes the rate of the snapshot's own time, never today's.",
    )

    def __init__(self, *args: Any, single: Snapshot | None, **options: Any) -> None:
        super().__init__(*args, **options)
        if single is None:
            del self.fields["total_value"], self.fields["fx_rate"]
            self.fields["verdict"].choices = VERDICTS[:3]  # type: ignore[attr-defined]
            return
        self.fields["total_value"].label = f"Total value in {single.currency}"
        if single.currency == USD:
            del self.fields["fx_rate"]

    def clean(self) -> dict[str, Any]:
        given = super().clean() or {}
        if given.get("verdict") == "edit" and given.get("total_value") is None:
            self.add_error("total_value", "Say what the account was worth.")
        return given

    def decide(self, snapshot: Snapshot, by: AbstractBaseUser) -> None:
        """Do it. Raise ReviewRefused, or MissingRate."""
        given = self.cleaned_data
        reason: str = given["reason"]
        if given["verdict"] == "accept":
            snapshot.accept(by=by, reason=reason)
        elif given["verdict"] == "reject":
            snapshot.reject(by=by, reason=reason)
        else:
            total, rate = given["total_value"], given.get("fx_rate")
            snapshot.edit(total_value=Decimal(total), fx_rate=rate, by=by, reason=reason)


class ReviewPages(ModelAdmin):
    """Beside the admin of snapshots: its page, and the action that leads there."""

    actions: Any = ("review_selected",)

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view(self.review_view)
        own = path("review/", view, name="snapshots_snapshot_review")
        return [own, *super().get_urls()]

    def has_review_permission(self, request: HttpRequest) -> bool:
        """The rows are read-only; to decide about one is to change it all the same."""
        return request.user.has_perm("snapshots.change_snapshot")

    @admin.action(description="Review: accept, reject or edit", permissions=["review"])
    def review_selected(
        self, request: HttpRequest, queryset: QuerySet[Snapshot]
    ) -> HttpResponseRedirect:
        ids = queryset.order_by("pk").values_list("pk", flat=True)[:MOST]
        return HttpResponseRedirect(review_url(*ids))

    def review_view(self, request: HttpRequest) -> HttpResponse:
        if not self.has_review_permission(request):
            raise PermissionDenied
        snapshots = _asked_for(request)
        is_single = len(snapshots) == 1
        form = ReviewForm(request.POST or None, single=snapshots[0] if is_single else None)
        if request.method == "POST" and form.is_valid() and _decide(request, form, snapshots):
            return HttpResponseRedirect(_next(snapshots))
        context = {
            **self.admin_site.each_context(request),
            "title": "Review a snapshot" if is_single else f"Review {len(snapshots)} snapshots",
            "form": form,
            "lines": [
                (one, state_label(one), local(one.account, one.slot_at)) for one in snapshots
            ],
            "changes": changes_table(snapshots[0], timezone.now()) if is_single else "",
            "opts": Snapshot._meta,
        }
        return TemplateResponse(request, "admin/snapshots/review.html", context)


def review_url(*ids: int) -> str:
    """Return the address of the page where these snapshots are decided about."""
    query = ",".join(str(pk) for pk in ids)
    return f"{reverse('admin:snapshots_snapshot_review')}?ids={query}"


def _asked_for(request: HttpRequest) -> list[Snapshot]:
    ids = [part for part in request.GET.get("ids", "").split(",") if part.isascii()]
    numbers = [int(part) for part in ids[:MOST] if part.isdigit() and len(part) < 19]
    rows = Snapshot.objects.visible_to(request.user).filter(pk__in=numbers)
    found = list(rows.select_related("account").prefetch_related("parts", "reviews"))
    if not found:
        raise Http404("There is no such snapshot.")
    return found


def _decide(request: HttpRequest, form: ReviewForm, snapshots: list[Snapshot]) -> bool:
    """Decide about each; tell what was refused. Return whether any was decided."""
    assert request.user.is_authenticated  # noqa: S101  the admin lets nobody else in
    done: list[Snapshot] = []
    for snapshot in snapshots:
        try:
            form.decide(snapshot, request.user)
            done.append(snapshot)
        except (ReviewRefused, MissingRate) as exc:
            messages.error(request, f"{snapshot}: {exc}")
    if done:
        messages.success(request, f"Decided about {len(done)} snapshot(s), and wrote down why.")
        _judge_again(request, done)
    return bool(done)


def _judge_again(request: HttpRequest, decided: list[Snapshot]) -> None:
    """Let the guards look again at suspects that were compared with something else before."""
    first: dict[Account, datetime] = {}
    for snapshot in decided:
        at = first.get(snapshot.account, snapshot.slot_at)
        first[snapshot.account] = min(at, snapshot.slot_at)
    explained = [
        snapshot
        for account, at in first.items()
        for snapshot in judge_again(
            account, at, now=timezone.now(), because="what was decided about one before"
        )
    ]
    if explained:
        text = f"{len(explained)} suspect snapshot(s) after it pass all guards now: accepted."
        messages.success(request, text)


def _next(snapshots: list[Snapshot]) -> str:
    if len(snapshots) == 1:
        return reverse("admin:snapshots_snapshot_change", args=[snapshots[0].pk])
    return f"{reverse(LIST)}?status__exact=suspect"  # what there is left to review
