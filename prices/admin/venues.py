"""Venues: may they be called, who takes how much of their budgets, what was collected last."""

from __future__ import annotations

from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from unfold.admin import ModelAdmin

from prices.models import Budget, Circuit
from prices.venue_states import State, VenueState, read_venue_states
from scheduling.pages.cells import label
from scheduling.pages.history import History
from scheduling.pages.times import Moment


@admin.register(Budget)
class BudgetAdmin(History, ModelAdmin):
    """One page for all venues. Its one button closes a circuit by hand."""

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view
        close = path("close/<int:number>/", view(self.close_view), name="prices_circuit_close")
        return [close, *super().get_urls()]

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        if not self.has_view_permission(request):
            raise PermissionDenied
        now = timezone.now()
        context = {
            **self.admin_site.each_context(request),
            "title": "Venues",
            "venues": [_shown(venue) for venue in read_venue_states(now)],
            "can_close": request.user.has_perm("prices.change_circuit"),
            "jobs_url": reverse("admin:scheduling_job_changelist"),
            **(extra_context or {}),
        }
        request.current_app = self.admin_site.name
        return TemplateResponse(request, "admin/prices/venues.html", context)

    def close_view(self, request: HttpRequest, number: int) -> HttpResponse:
        if request.method != "POST":
            return HttpResponseNotAllowed(["POST"])
        if not request.user.has_perm("prices.change_circuit"):
            raise PermissionDenied
        circuit = get_object_or_404(Circuit, pk=number)
        if circuit.close(timezone.now()):
            messages.success(
                request, f"{circuit.venue} may be called again. If it still bans us, it says so."
            )
        else:
            messages.info(request, f"{circuit.venue} may be called already.")
        return HttpResponseRedirect(reverse("admin:prices_budget_changelist"))


STATES = {
    State.READY: ("Ready", "good"),
    State.BANNED: ("Banned", "bad"),
    State.NO_KEYS: ("No keys", "warn"),
}


def _shown(venue: VenueState) -> dict[str, Any]:
    return {
        "venue": venue,
        "state": label(*STATES[venue.state]),
        "circuits": [
            {"circuit": circuit, "until": Moment.of(circuit.open_until, "UTC", venue.now)}
            for circuit in venue.open_circuits
        ],
        "past": [circuit for circuit in venue.circuits if circuit not in venue.open_circuits],
        "facts": list(_facts(venue)),
    }


def _facts(venue: VenueState) -> list[tuple[str, Any]]:
    counts = ", ".join(f"{count} {state}" for state, count in sorted(venue.instruments.items()))
    facts: list[tuple[str, Any]] = [("Instruments", counts or "none known")]
    if venue.missing_settings:
        facts.insert(0, ("Settings missing", ", ".join(venue.missing_settings)))
    instants = {"List read": venue.listed_at, "Last prices read": venue.last_prices_at}
    instants |= {f"{name} candles until": at for name, at in venue.candles_until.items()}
    for name, at in instants.items():
        facts.append((name, Moment.of(at, "UTC", venue.now) if at else "never"))
    return facts
