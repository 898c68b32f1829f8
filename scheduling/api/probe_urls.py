"""For whoever watches the processes: no slash needed at the end."""

from django.urls import re_path

from scheduling.api.views.metrics import metrics
from scheduling.api.views.probes import live, ready

urlpatterns = [
    re_path(r"^healthz/?$", live, name="live"),
    re_path(r"^readyz/?$", ready, name="ready"),
    re_path(r"^metrics/?$", metrics, name="metrics"),  # not for everybody
]
