"""Find the user that people mean."""

from __future__ import annotations

from typing import Any

from django.contrib.auth import get_user_model


def find_user(name_or_id: str) -> Any:
    """Return the user of this name, or of this id if nobody has the name; None = nobody."""
    users = get_user_model()._default_manager
    found = users.filter(**{get_user_model().USERNAME_FIELD: name_or_id}).first()
    is_id = name_or_id.isascii() and name_or_id.isdigit() and len(name_or_id) < len(str(2**63))
    if found is None and is_id:
        found = users.filter(pk=int(name_or_id)).first()
    return found
