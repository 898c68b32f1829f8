"""Who asks: API tokens, as their users type them."""

from __future__ import annotations

from typing import Any, cast

from django.contrib.auth.models import AbstractBaseUser
from drf_spectacular.contrib.knox_auth_token import KnoxTokenScheme
from knox.auth import TokenAuthentication as KnoxAuthentication
from rest_framework.exceptions import AuthenticationFailed
from rest_framework.request import Request


class TokenAuthentication(KnoxAuthentication):
    """Knox tokens. What cannot be one is refused, not stumbled over."""

    def authenticate_credentials(self, token: bytes) -> tuple[Any, Any]:
        if not token.isascii() or b"\x00" in token:
            raise AuthenticationFailed("Invalid token.")
        return super().authenticate_credentials(token)  # type: ignore[no-any-return]


class TokenScheme(KnoxTokenScheme):  # type: ignore[no-untyped-call]
    """How the OpenAPI schema says it."""

    target_class = "scheduling.api.authentication.TokenAuthentication"
    name = "token"
    priority = 1


def user_of(request: Request) -> AbstractBaseUser:
    """Return who asks; every endpoint has made sure that somebody does."""
    return cast(AbstractBaseUser, request.user)
