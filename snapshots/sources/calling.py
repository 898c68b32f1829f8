"""What a source makes of the errors of calling, which are those of venues."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from prices.venues.base import (
    Banned,
    KeysRefused,
    RateLimited,
    VenueError,
    VenueUnavailable,
)
from snapshots.sources.base import CredentialRefused, InvalidStatement, SourceUnavailable
from snapshots.sources.surroundings import Login


@contextmanager
def as_source_errors(login: Login) -> Iterator[None]:
    """Turn each VenueError into a SourceError; keys that are refused are not tried again."""
    try:
        yield
    except KeysRefused as exc:
        login.refuse(f"{exc}.")
        raise CredentialRefused(f"{exc}. Set the credential anew.") from exc
    except (Banned, RateLimited, VenueUnavailable) as exc:
        raise SourceUnavailable(str(exc)) from exc
    except VenueError as exc:
        raise InvalidStatement(str(exc)) from exc
