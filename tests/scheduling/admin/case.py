"""What the tests of the admin share: a person who is logged in, and the form of a job."""

from __future__ import annotations

from typing import Any

from django.contrib.auth.models import Permission, User
from django.contrib.messages import get_messages
from django.test import TestCase
from django.urls import reverse

from tests.factories import make_user

JOB_FORM = {
    "name": "P&L snapshot",
    "key": "pnl",
    "description": "",
    "owner": "",
    "trigger_kind": "cron",
    "trigger_expression": "*/15 7-23 * * *",
    "timezone": "Europe/Zurich",
    "start_at": "",
    "end_at": "",
    "jitter_seconds": "",
    "task": "tests.echo",
    "coalesce": "on",
    "misfire_grace_seconds": "300",
    "overlap": "skip",
    "max_instances": "1",
    "timeout_seconds": "",
    "max_attempts": "",
    "backoff_seconds": "",
    "retry_lost": "",
}


class AdminTestCase(TestCase):
    """A superuser is logged in."""

    def setUp(self) -> None:
        self.admin = make_user("admin", is_staff=True, is_superuser=True)
        self.client.force_login(self.admin)

    def messages_of(self, response: Any) -> list[str]:
        return [str(message) for message in get_messages(response.wsgi_request)]


def staff_with(*codenames: str) -> User:
    """Make a staff user, no superuser, who has these permissions."""
    user = make_user(is_staff=True)
    user.user_permissions.set(Permission.objects.filter(codename__in=codenames))
    return user


def job_page(name: str, *args: Any) -> str:
    return reverse(f"admin:scheduling_job_{name}", args=args)


def run_page(name: str, *args: Any) -> str:
    return reverse(f"admin:scheduling_run_{name}", args=args)
