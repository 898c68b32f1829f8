"""The web process; with RUN_SCHEDULER=1 it is a scheduler too."""

import gc
import os

from django.conf import settings
from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "project.settings")

application = get_wsgi_application()

from scheduling.engine.background import run_in_background  # noqa: E402  # needs the apps

# What is loaded by now stays: a collection in mid-request need not look through all of it.
gc.collect()
gc.freeze()

if settings.RUN_SCHEDULER:
    run_in_background()
