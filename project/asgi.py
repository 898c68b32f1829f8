"""The web process of an ASGI server; with RUN_SCHEDULER=1 it is a scheduler too."""

import os

from django.conf import settings
from django.core.asgi import get_asgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "project.settings")

application = get_asgi_application()

from scheduling.engine.background import run_in_background  # noqa: E402  # needs the apps

if settings.RUN_SCHEDULER:
    run_in_background()
