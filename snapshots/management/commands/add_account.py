from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from django.contrib.auth import get_user_model
from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError

from snapshots.models import Account
from snapshots.sources import SOURCES


class Command(BaseCommand):
    help = "Add an account to take snapshots of. One that exists stays as it is."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--user", required=True, help="Name of the owner.")
        parser.add_argument("--source", default="cointracking", choices=sorted(SOURCES))
        parser.add_argument("--name", default="Main", help="To tell it from others of his.")
        parser.add_argument(
            "--path", default="", help="Its file, relative to DATA_DIR. Without: uploads."
        )
        parser.add_argument("--currency", default="USD", help="Of the values in the file.")
        parser.add_argument("--timezone", default="Europe/Zurich", help="Where its days end.")

    def handle(
        self, *, user: str, source: str, name: str, path: str, currency: str, **options: Any
    ) -> None:
        owner = get_user_model()._default_manager.filter(username=user).first()
        if owner is None:
            raise CommandError(f"There is no user {user!r}. Add him first.")
        try:
            account, is_new = Account.objects.ensure(
                owner=owner,
                source=source,
                name=name,
                currency=currency,
                timezone=options["timezone"],
                settings={"path": path} if path else {},
            )
        except ValidationError as exc:
            raise CommandError(" ".join(exc.messages)) from exc
        said = "Added" if is_new else "Exists already, left as it is:"
        self.stdout.write(self.style.SUCCESS(f"{said} {account} of {user}."))
        if is_new and SOURCES[source].credential:
            self.stdout.write("Set its credential in the admin, on the page of the account.")
