"""The admin's side bar."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.http import HttpRequest
from django.urls import reverse

# Where the pages of each model stand, by its label, with title and icon.
GROUPS: dict[str, dict[str, tuple[str, str]]] = {
    "Work": {
        "scheduling.job": ("Jobs", "event_repeat"),
        "scheduling.run": ("Runs", "history"),
        "scheduling.worker": ("Workers", "memory"),
    },
    "Prices": {
        "prices.instrument": ("Instruments", "candlestick_chart"),
        "prices.budget": ("Venues", "storefront"),
        "prices.corporateaction": ("Corporate actions", "call_split"),
        "prices.rate": ("Rates", "currency_exchange"),
        "prices.fundamentals": ("Fundamentals", "monitoring"),
        "prices.candlerevision": ("Revisions", "edit_note"),
    },
    "Portfolio": {
        "snapshots.portfolio": ("Portfolio", "donut_small"),
        "snapshots.snapshot": ("Snapshots", "photo_camera"),
        "snapshots.account": ("Accounts", "account_balance"),
        "snapshots.upload": ("Uploads", "upload_file"),
        "snapshots.flow": ("Flows", "swap_horiz"),
    },
    "Access": {
        "auth.user": ("Users", "person"),
        "auth.group": ("Groups", "group"),
        "knox.authtoken": ("API tokens", "key"),
    },
}


def sidebar(request: HttpRequest) -> list[dict[str, Any]]:
    """Return the links that the user may follow; models without a place of their own come last."""
    pages = _pages(request)
    groups: list[dict[str, Any]] = [
        {"items": [_item("Overview", reverse("admin:index"), "space_dashboard")]}
    ]
    for heading, members in GROUPS.items():
        items = [
            _item(title, pages.pop(label)[1], icon)
            for label, (title, icon) in members.items()
            if label in pages
        ]
        groups.append({"title": heading, "separator": True, "items": items})
    others = [_item(title, link, "table_rows") for title, link in pages.values()]
    groups.append({"title": "More", "separator": True, "items": others})
    groups[-1]["items"].append(_item("API", "/api/docs", "api"))
    return groups


def _pages(request: HttpRequest) -> dict[str, tuple[str, str]]:
    """Return title and address of each list that the user may open, by the model's label."""
    return {
        model["model"]._meta.label_lower: (str(model["name"]), model["admin_url"])
        for app in admin.site.get_app_list(request)
        for model in app["models"]
        if model["admin_url"]
    }


def _item(title: str, link: str, icon: str) -> dict[str, Any]:
    return {"title": title, "link": link, "icon": icon}
