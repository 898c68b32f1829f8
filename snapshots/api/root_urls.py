"""Endpoints that stand at the root, where their users have them; they are under /api/, too."""

from __future__ import annotations

from django.urls import path

from snapshots.api.views import BalancesView, MetricsView

urlpatterns = [
    path("balances/current", BalancesView.as_view(schema=None), name="balances"),
    path("portfolio/metrics", MetricsView.as_view(schema=None), name="metrics"),
]
