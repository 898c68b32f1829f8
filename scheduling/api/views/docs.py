"""The API's own description, and what is none of its endpoints."""

from __future__ import annotations

from drf_spectacular.views import SpectacularAPIView, SpectacularSwaggerSplitView
from rest_framework.exceptions import NotFound
from rest_framework.permissions import IsAuthenticated
from rest_framework.renderers import JSONRenderer
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView


class SchemaView(SpectacularAPIView):
    """The schema, as YAML unless JSON is asked for; an error is JSON as everywhere else."""

    permission_classes = [IsAuthenticated]

    def handle_exception(self, exc: Exception) -> Response:
        response = super().handle_exception(exc)
        self.request.accepted_renderer = JSONRenderer()
        self.request.accepted_media_type = JSONRenderer.media_type
        return response


class DocsView(SpectacularSwaggerSplitView):
    """Swagger's page, from the sidecar, with its script at an address of its own: none is inline.

    The URL sends whoever is not logged in to the login.
    """

    permission_classes = [IsAuthenticated]
    url_name = "api:schema"


class NoEndpointView(APIView):
    """Answers in JSON where Django would answer in HTML."""

    schema = None

    def initial(self, request: Request, *args: object, **kwargs: object) -> None:
        super().initial(request, *args, **kwargs)
        raise NotFound
