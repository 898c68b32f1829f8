"""Where each page and endpoint is."""

from django.contrib import admin
from django.urls import include, path
from django.views.generic import RedirectView

urlpatterns = [
    path("admin/", admin.site.urls),
    path("api/", include("scheduling.api.urls")),
    path("", include("scheduling.api.probe_urls")),
    path("", RedirectView.as_view(pattern_name="admin:index")),
]
