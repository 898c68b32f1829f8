"""Where each page and endpoint is."""

from django.contrib import admin
from django.urls import include, path

from project.login import Home, Login, Logout

# Here, and not at the start of every process: see project.admin_config.
admin.autodiscover()

urlpatterns = [
    path("", Home.as_view(), name="home"),
    path("login/", Login.as_view(), name="login"),
    path("logout/", Logout.as_view(), name="logout"),
    path("admin/", admin.site.urls),
    path("api/", include("prices.api.urls")),
    path("api/", include("snapshots.api.urls")),
    path("api/", include("scheduling.api.urls")),  # last: it answers for what is nowhere
    path("", include("snapshots.api.root_urls")),
    path("", include("scheduling.api.probe_urls")),
]
