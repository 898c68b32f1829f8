from __future__ import annotations

import gc
import sys

from django.conf import settings

from project.gunicorn import post_worker_init


def test_what_stays_for_ever_is_loaded_and_no_garbage_collector_looks_at_it():
    try:
        post_worker_init(None)

        assert settings.ROOT_URLCONF in sys.modules
        assert gc.get_freeze_count() > 10_000
    finally:
        gc.unfreeze()
