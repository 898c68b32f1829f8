"""Settings of gunicorn: with LOG_FORMAT=json its lines are JSON too."""

from __future__ import annotations

import gc
import os
from importlib import import_module
from typing import Any

from django.conf import settings

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "project.settings")


def _own(settings_of_logs: dict[str, Any]) -> dict[str, Any]:
    """gunicorn's loggers do not propagate, so they need the handler themselves."""
    own = {
        name: {"level": "INFO", "handlers": ["console"], "propagate": False}
        for name in ("gunicorn.error", "gunicorn.access")
    }
    return {**settings_of_logs, "loggers": {**settings_of_logs["loggers"], **own}}


logconfig_dict = _own(settings.LOGGING) if settings.LOG_FORMAT == "json" else {}


def post_worker_init(worker: object) -> None:
    """Let the collector of garbage leave alone what stays for ever: it would halt a request."""
    import_module(settings.ROOT_URLCONF)
    gc.collect()
    gc.freeze()
