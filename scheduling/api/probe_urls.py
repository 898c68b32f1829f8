"""Probes for whoever watches the process: no login, no slash needed at the end."""

from django.urls import re_path

from scheduling.api.views.probes import live, ready

urlpatterns = [
    re_path(r"^healthz/?$", live, name="live"),
    re_path(r"^readyz/?$", ready, name="ready"),
]
