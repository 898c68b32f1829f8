"""Is the process alive, and can it serve?"""

from __future__ import annotations

from django.db import DatabaseError, InterfaceError
from django.http import HttpRequest, JsonResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from scheduling.health import missing_migrations


@never_cache
@require_safe
def live(request: HttpRequest) -> JsonResponse:
    """Answer, which is all that is asked."""
    return JsonResponse({"ok": True})


@never_cache
@require_safe
def ready(request: HttpRequest) -> JsonResponse:
    """Tell whether the database answers and has every migration; 503 if not."""
    try:
        missing = missing_migrations()
    except (DatabaseError, InterfaceError) as exc:
        reason = str(exc).strip().partition("\n")[0]
        return _unready(f"The database does not answer: {reason}", database=False)
    if missing:
        return _unready("Run: python manage.py migrate", database=True, missing=missing)
    return JsonResponse({"ok": True, "database": True, "migrations": True})


def _unready(message: str, **facts: object) -> JsonResponse:
    answer = {"ok": False, "migrations": False, "message": message, **facts}
    return JsonResponse(answer, status=503)
