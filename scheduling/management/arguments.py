"""What people type on the command line, and what it means."""

from __future__ import annotations

import json
from argparse import ArgumentTypeError
from collections.abc import Mapping
from datetime import datetime
from difflib import get_close_matches
from typing import Any

from django.core.management.base import CommandError

from scheduling.exceptions import InvalidParams, UnknownTask
from scheduling.models import Job
from scheduling.registry import registry


def job_called(key: str) -> Job:
    """Return the job. Raise CommandError, with what was probably meant, if there is none."""
    job = Job.objects.select_related("clock").filter(key=key).first() if key.isprintable() else None
    if job is None:
        keys = list(Job.objects.values_list("key", flat=True))
        close = get_close_matches(key, keys, n=1)
        hint = f"Did you mean {close[0]!r}?" if close else "list_jobs shows those there are."
        raise CommandError(f"There is no job {key!r}. {hint}")
    return job


def instant(text: str) -> datetime:
    """Read an instant with its UTC offset."""
    try:
        value = datetime.fromisoformat(text)
    except ValueError as exc:
        raise ArgumentTypeError(f"{text!r} is no instant; write 2025-10-02T14:30Z.") from exc
    if value.utcoffset() is None:
        raise ArgumentTypeError(f"{text!r} has no UTC offset; write {text}Z, or {text}+02:00.")
    return value


def name_and_value(text: str) -> tuple[str, str]:
    """Read `name=value`."""
    name, separator, value = text.partition("=")
    if not name or not separator:
        raise ArgumentTypeError(f"{text!r} is no parameter; write name=value.")
    return name, value


def read_params(job: Job, texts: Mapping[str, str]) -> dict[str, Any]:
    """Return the parameters in `texts`: JSON where that fits the task, else plain text."""
    params = {name: _json_or_text(text) for name, text in texts.items()}
    try:
        registry.get(job.task).parameters.validate({**job.params, **params})
    except InvalidParams as exc:
        params |= {name: texts[name] for name in exc.errors if name in texts}
    except UnknownTask as exc:
        raise CommandError(str(exc)) from exc
    return params


def _json_or_text(text: str) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return text
