"""What a collection is as a run: succeeded, degraded with its failures by name, or failed."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Self

from prices.opening import UnknownVenue
from prices.venues.base import Banned, KeysMissing, KeysRefused, NotOffered
from scheduling.context import Degraded
from scheduling.exceptions import TaskFailed

NAMED = 5  # failures in the reason; all of them are in the result
# To try the same again soon is no use.
LASTING = (Banned, KeysMissing, KeysRefused, NotOffered, UnknownVenue)


@dataclass(frozen=True, slots=True, kw_only=True)
class Failure:
    """An item that failed.

    item        what it is, as JSON values
    name        of it, in a sentence
    is_lasting  to try it again soon is no use
    """

    venue: str
    name: str
    error: str
    is_lasting: bool = False
    instrument: str = ""

    @classmethod
    def of_venue(cls, venue: str, error: Exception) -> Self:
        is_lasting = isinstance(error, LASTING)
        return cls(venue=venue, name=venue, error=str(error), is_lasting=is_lasting)

    def as_json(self) -> dict[str, str]:
        instrument = {"instrument": self.instrument} if self.instrument else {}
        return {"exchange": self.venue, **instrument, "error": self.error}


def conclude(
    result: dict[str, Any],
    failures: Sequence[Failure],
    *,
    of: str,
    again: Mapping[str, Any],
    is_any: Collection[Any] | bool,
) -> dict[str, Any] | Degraded:
    """Return what the task returns.

    of      what the failures are counted among: "244 instruments"
    again   parameters with which a run tries only those again that failed
    is_any  whether anything succeeded; else TaskFailed is raised
    """
    if not failures:
        return result
    if not is_any:
        is_lasting = all(failure.is_lasting for failure in failures)
        raise TaskFailed(_errors(failures), permanent=is_lasting)
    names = ", ".join(failure.name for failure in failures[:NAMED])
    more = f" and {len(failures) - NAMED} more" if len(failures) > NAMED else ""
    return Degraded(
        result,
        reason=f"{len(failures)} of {of} failed: {names}{more}. {_errors(failures)}",
        failed=[failure.as_json() for failure in failures],
        retry=again,
    )


def _errors(failures: Sequence[Failure]) -> str:
    """Return what went wrong with the first ones, each thing once."""
    return "; ".join(dict.fromkeys(failure.error for failure in failures[:NAMED]))
