"""django-apscheduler's admin as it ships; Daybook has none of its pages."""

from __future__ import annotations

from django.contrib.admin import AdminSite
from django.urls import path
from django_apscheduler.admin import DjangoJobAdmin
from django_apscheduler.models import DjangoJob

site = AdminSite()
site.register(DjangoJob, DjangoJobAdmin)
urlpatterns = [path("admin/", site.urls)]
