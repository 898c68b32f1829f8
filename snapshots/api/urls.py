"""The endpoints under /api/ that tell of portfolios."""

from __future__ import annotations

from django.urls import path

from snapshots.api.charts import AllocationView, CurveView, DaysView, ExplainView
from snapshots.api.lists import AccountsView, SnapshotsView
from snapshots.api.uploads import UploadsView
from snapshots.api.views import BalancesView, MetricsView, PnlView, RiskView

app_name = "snapshots_api"
urlpatterns = [
    path("accounts", AccountsView.as_view(), name="accounts"),
    path("accounts/<int:number>/uploads", UploadsView.as_view(), name="uploads"),
    path("snapshots", SnapshotsView.as_view(), name="snapshots"),
    path("pnl", PnlView.as_view(), name="pnl"),
    path("balances/current", BalancesView.as_view(), name="balances"),
    path("portfolio/metrics", MetricsView.as_view(), name="metrics"),
    path("risk/dashboard", RiskView.as_view(), name="risk"),
    path("portfolio/curve", CurveView.as_view(), name="curve"),
    path("portfolio/days", DaysView.as_view(), name="days"),
    path("portfolio/allocation", AllocationView.as_view(), name="allocation"),
    path("portfolio/explain", ExplainView.as_view(), name="explain"),
]
