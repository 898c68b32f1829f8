"""Endpoints that stand at the root, where their users have them; they are under /api/, too."""

from __future__ import annotations

from django.urls import re_path

from snapshots.api.views import BalancesView, MetricsView

urlpatterns = [
    re_path(r"^balances/current/?$", BalancesView.as_view(schema=None), name="current_balances"),
    re_path(r"^portfolio/metrics/?$", MetricsView.as_view(schema=None), name="portfolio_metrics"),
]
