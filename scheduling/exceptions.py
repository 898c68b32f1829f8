"""What the engine and its tasks raise."""

from __future__ import annotations

from collections.abc import Mapping, Sequence


class SchedulingError(Exception):
    """Base class of the engine's errors. Do not raise directly."""


class FieldErrors(SchedulingError, ValueError):
    """Base class of errors that name fields. Do not raise directly.

    errors  field name -> messages, each saying what is wrong and what would be right
    """

    def __init__(self, errors: Mapping[str, Sequence[str]]) -> None:
        self.errors = {field: list(messages) for field, messages in errors.items()}
        super().__init__(
            "; ".join(f"{field}: {' '.join(messages)}" for field, messages in self.errors.items())
        )


class InvalidTrigger(FieldErrors):
    """A trigger that cannot fire as written. Keys are the fields of TriggerSpec."""


class InvalidParams(FieldErrors):
    """Parameters that do not fit the task's signature. Keys are parameter names."""


class InvalidRequest(FieldErrors):
    """A run that cannot be meant as it was requested. Keys are fields of the request."""


class UnknownTask(SchedulingError, LookupError):
    """No installed app registers a task of this name."""


class JobConflict(SchedulingError):
    """The job's state does not allow this now; the message says what would."""


class NotCancellable(SchedulingError):
    """The run has already ended, so there is nothing left to cancel."""


class TaskFailed(Exception):
    """Raise in a task to end its run as failed, for a reason that is no bug.

    The run keeps the message and no traceback. A permanent failure is not retried.
    """

    permanent = False

    def __init__(self, message: str, *, permanent: bool = False) -> None:
        super().__init__(message)
        self.permanent = permanent
