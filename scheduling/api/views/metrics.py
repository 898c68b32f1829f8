"""What Prometheus may know, and who may ask for it."""

from __future__ import annotations

from secrets import compare_digest

from django.conf import settings
from django.db import DatabaseError, InterfaceError
from django.http import HttpRequest, HttpResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe
from prometheus_client import CONTENT_TYPE_PLAIN_0_0_4
from rest_framework.exceptions import AuthenticationFailed
from rest_framework.request import Request

from scheduling.api.authentication import TokenAuthentication
from scheduling.metrics import metrics_text

PLAIN = "text/plain; charset=utf-8"


@never_cache
@require_safe
def metrics(request: HttpRequest) -> HttpResponse:
    """Answer Prometheus, which sends METRICS_TOKEN, and staff, by API token or session."""
    try:
        if not (_has_metrics_token(request) or _is_staff(request)):
            said = "Send METRICS_TOKEN, or be staff.\n"
            return HttpResponse(
                said, status=401, content_type=PLAIN, headers={"WWW-Authenticate": "Bearer"}
            )
    except (DatabaseError, InterfaceError):
        return HttpResponse("The database does not answer.\n", status=503, content_type=PLAIN)
    return HttpResponse(metrics_text(), content_type=CONTENT_TYPE_PLAIN_0_0_4)


def _has_metrics_token(request: HttpRequest) -> bool:
    """Tell without the database, so that its absence can be told too."""
    given = request.headers.get("Authorization", "")
    wanted = f"Bearer {settings.METRICS_TOKEN}"
    return bool(settings.METRICS_TOKEN) and compare_digest(given.encode(), wanted.encode())


def _is_staff(request: HttpRequest) -> bool:
    if request.user.is_staff:
        return True
    try:
        found = TokenAuthentication().authenticate(Request(request))
    except AuthenticationFailed:
        return False
    return found is not None and bool(found[0].is_staff)
