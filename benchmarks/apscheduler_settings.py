"""A Django project with nothing but django-apscheduler, for the peer's measurements."""

from __future__ import annotations

import environ

env = environ.Env()
SECRET_KEY = "of a benchmark"  # noqa: S105
INSTALLED_APPS = ["django.contrib.contenttypes", "django_apscheduler"]
DATABASES = {"default": env.db("DATABASE_URL")}
if DATABASES["default"]["ENGINE"].endswith("sqlite3"):
    # As Daybook's own settings have it; with Django's default the peer fails: "database is locked".
    DATABASES["default"]["OPTIONS"] = {
        "transaction_mode": "IMMEDIATE",
        "timeout": 20,
        "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL;",
    }
else:
    DATABASES["default"]["CONN_MAX_AGE"] = 600
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
TIME_ZONE = "UTC"
USE_TZ = True
