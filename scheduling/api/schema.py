"""What the OpenAPI schema says of every endpoint."""

from __future__ import annotations

from typing import Any

from drf_spectacular.openapi import AutoSchema
from drf_spectacular.utils import Direction, OpenApiResponse
from rest_framework import serializers


class Error(serializers.Serializer[Any]):
    """What went wrong. Errors of fields stand beside the code, under the names of the fields."""

    detail = serializers.CharField(required=False)
    code = serializers.CharField(help_text="For machines: invalid, not_found, conflict, ...")


CONFLICT = OpenApiResponse(Error, "The state of the job or run does not allow this.")
ALWAYS = {
    "400": "The request is not valid; fields at fault are named.",
    "401": "No login, or a token that is unknown or has expired.",
    "403": "A session without CSRF token, or something that is for others to do.",
    "404": "There is no such thing, or it is not yours.",
    "406": "Only JSON is served.",
    "503": "The database does not answer.",
}
WITH_BODY = {"415": "Only JSON is read."}


class Schema(AutoSchema):
    """Names the errors that every endpoint may answer with."""

    def _get_response_bodies(self, direction: Direction = "response") -> dict[str, Any]:
        bodies: dict[str, Any] = super()._get_response_bodies(direction)
        errors = ALWAYS | (WITH_BODY if self.method in ("POST", "PUT", "PATCH") else {})
        for code, description in errors.items():
            if code not in bodies:
                response = OpenApiResponse(Error, description)
                bodies[code] = self._get_response_for_code(  # type: ignore[no-untyped-call]
                    response, code, direction=direction
                )
        return bodies
