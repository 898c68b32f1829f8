"""What a path may hold where a job's key is meant; anything else is a 404."""

from __future__ import annotations

from django.urls.converters import StringConverter


class JobKeyConverter(StringConverter):
    regex = r"[a-z0-9][a-z0-9_.-]{0,99}"
