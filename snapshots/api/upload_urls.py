"""Where files for accounts go."""

from __future__ import annotations

from django.urls import path

from snapshots.api.uploads import UploadsView

app_name = "uploads_api"
urlpatterns = [path("accounts/<int:number>/uploads", UploadsView.as_view(), name="uploads")]
