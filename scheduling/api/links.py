"""Addresses in answers."""

from __future__ import annotations

from django.http import HttpRequest
from django.urls import reverse
from rest_framework.request import Request


def address(request: Request | HttpRequest, name: str, *args: object) -> str:
    """Return the path of an endpoint under the prefix that the client uses: /api/ or /api/v1/."""
    root = reverse("api:root")
    versioned = f"{root}v1/"
    path = reverse(f"api:{name}", args=args)
    return path.replace(root, versioned, 1) if request.path.startswith(versioned) else path
