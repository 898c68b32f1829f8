"""The endpoints under /api/ that tell of prices."""

from __future__ import annotations

from django.urls import path

from prices.api.views.candles import CandlesView
from prices.api.views.exchanges import ExchangesView
from prices.api.views.instruments import InstrumentViewSet

app_name = "prices_api"
urlpatterns = [
    path("instruments", InstrumentViewSet.as_view({"get": "list"}), name="instruments"),
    path(
        "instruments/<int:number>",
        InstrumentViewSet.as_view({"get": "retrieve"}),
        name="instrument",
    ),
    path("candles", CandlesView.as_view(), name="candles"),
    path("exchanges", ExchangesView.as_view(), name="exchanges"),
]
