"""Where requests are put into the form that the URLs are written in."""

from __future__ import annotations

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse

API = "/api/"
VERSIONED = "/api/v1/"


class ApiPathMiddleware:
    """Serve the API under /api/ and /api/v1/, with and without a slash at the end.

    The path is rewritten and not redirected: a redirected POST would lose its body.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        path = request.path_info
        if f"{path}/" in (API, VERSIONED):
            path += "/"
        if path.startswith(VERSIONED):
            path = API + path.removeprefix(VERSIONED)
        if path.startswith(API) and len(path) > len(API):
            path = path.rstrip("/")
        request.path_info = path
        return self.get_response(request)
