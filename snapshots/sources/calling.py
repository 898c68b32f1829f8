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
        said = login.hide(str(exc))
        login.refuse(f"{said}.")
        # Without its cause: that may quote what nobody may see.
        raise CredentialRefused(f"{said}. Set the credential anew.") from None
    except (Banned, RateLimited, VenueUnavailable) as exc:
        raise SourceUnavailable(login.hide(str(exc))) from None
    except VenueError as exc:
        raise InvalidStatement(login.hide(str(exc))) from None
