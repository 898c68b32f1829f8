from __future__ import annotations

from datetime import timedelta
from difflib import get_close_matches
from typing import Any

from django.contrib.auth import get_user_model
from django.core.management.base import BaseCommand, CommandError, CommandParser
from knox.models import AuthToken
from knox.settings import knox_settings

MAX_DAYS = 3650


class Command(BaseCommand):
    help = "Create an API token of a user and print it, this once: only its hash is kept."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("user", help="Username.")
        parser.add_argument(
            "--days", type=int, help="Until it expires. Default: API_TOKEN_DAYS, else 365."
        )

    def handle(self, *, user: str, days: int | None, **options: Any) -> None:
        if days is not None and not 1 <= days <= MAX_DAYS:
            raise CommandError(f"--days must be from 1 to {MAX_DAYS}.")
        expiry = timedelta(days=days) if days else knox_settings.TOKEN_TTL
        row, token = AuthToken.objects.create(_user_called(user), expiry=expiry)
        self.stdout.write(token)
        self.stderr.write(
            f"Expires {row.expiry:%Y-%m-%d}. Send it as: Authorization: Token {token[:12]}..."
        )


def _user_called(name: str) -> Any:
    users = get_user_model()._default_manager
    user = users.filter(username=name).first()
    if user is None:
        close = get_close_matches(name, list(users.values_list("username", flat=True)), n=1)
        hint = f" Did you mean {close[0]!r}?" if close else ""
        raise CommandError(f"There is no user {name!r}.{hint}")
    if not user.is_active:
        raise CommandError(f"The user {name!r} is not active.")
    return user
