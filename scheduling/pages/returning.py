"""Where a person goes on after a button was pressed."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponseRedirect
from django.utils.http import url_has_allowed_host_and_scheme


def came_from(request: HttpRequest) -> str:
    """Return the page to go back to: what `next` names, else the page the link stood on."""
    wanted = request.POST.get("next") or request.headers.get("Referer", "")
    return wanted if _is_ours(request, wanted) else ""


def back(request: HttpRequest, default: str) -> HttpResponseRedirect:
    """Redirect to the page that `next` names, if it is one of ours, else to `default`."""
    target = request.POST.get("next", "")
    return HttpResponseRedirect(target if _is_ours(request, target) else default)


def _is_ours(request: HttpRequest, url: str) -> bool:
    return url_has_allowed_host_and_scheme(
        url, allowed_hosts={request.get_host()}, require_https=request.is_secure()
    )
