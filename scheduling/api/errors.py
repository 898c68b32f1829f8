"""What goes wrong, as an answer: DRF's shapes, each with a `code` for machines."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from django.core.exceptions import ObjectDoesNotExist
from django.core.exceptions import PermissionDenied as DjangoPermissionDenied
from django.db import InterfaceError, OperationalError
from django.http import Http404
from rest_framework import exceptions, status
from rest_framework.response import Response
from rest_framework.views import exception_handler

from scheduling.exceptions import (
    InvalidParams,
    InvalidRequest,
    InvalidTrigger,
    JobConflict,
    NotCancellable,
)
from scheduling.models import Job
from scheduling.registry import registry

# Model field -> where the API has it.
TRIGGER_FIELDS = {
    "trigger_kind": "kind",
    "trigger_expression": "expression",
    "timezone": "timezone",
    "start_at": "start_at",
    "end_at": "end_at",
    "jitter_seconds": "jitter_seconds",
}


class Conflict(exceptions.APIException):
    """The state of a job or run does not allow this."""

    status_code = status.HTTP_409_CONFLICT
    default_code = "conflict"


class DatabaseAway(exceptions.APIException):
    """The database does not answer, or is busy for too long."""

    status_code = status.HTTP_503_SERVICE_UNAVAILABLE
    default_detail = "The database does not answer. Try again in a moment."
    default_code = "database_unavailable"
    wait = 1  # s


def with_code(exc: Exception, context: Mapping[str, Any]) -> Response | None:
    """Answer an exception; return None for a bug, which stays a 500."""
    answer = as_api_exception(exc)
    response = exception_handler(answer, dict(context))
    if response is None:
        return None
    data = response.data if isinstance(response.data, dict) else {"detail": response.data}
    response.data = {**data, "code": _code_of(answer)}
    return response


def as_api_exception(exc: Exception) -> Exception:
    """Return what REST calls an exception of the engine or of Django; others unchanged."""
    match exc:
        case InvalidParams():
            return exceptions.ValidationError({"params": exc.errors})
        case InvalidTrigger():
            return exceptions.ValidationError({"trigger": exc.errors})
        case InvalidRequest():
            return exceptions.ValidationError(exc.errors)
        case NotCancellable():
            return Conflict(str(exc), "not_cancellable")
        case JobConflict():
            return Conflict(str(exc))
        case OperationalError() | InterfaceError():
            return DatabaseAway()
        case Http404() | ObjectDoesNotExist():
            return exceptions.NotFound()
        case DjangoPermissionDenied():
            return exceptions.PermissionDenied()
    return exc


def by_api_field(
    errors: Mapping[str, Sequence[str]], job: Job
) -> dict[str, Sequence[str] | dict[str, Sequence[str]]]:
    """Return the errors of a job's model fields under the names that the API has for them."""
    named: dict[str, Any] = {}
    for field, messages in errors.items():
        if field in TRIGGER_FIELDS:
            named.setdefault("trigger", {})[TRIGGER_FIELDS[field]] = messages
        elif field == "params":
            named["params"] = _params_errors(job) or messages
        else:
            named["non_field_errors" if field == "__all__" else field] = messages
    return named


def _params_errors(job: Job) -> dict[str, list[str]]:
    if job.task in registry:
        try:
            registry.get(job.task).parameters.validate(job.params)
        except InvalidParams as exc:
            return exc.errors
    return {}


def _code_of(exc: Exception) -> str:
    if isinstance(exc, exceptions.ValidationError):
        return "invalid"
    codes = exc.get_codes() if isinstance(exc, exceptions.APIException) else None
    return codes if isinstance(codes, str) else "error"
