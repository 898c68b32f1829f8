"""Where mail is sent from and to, as the environment says it."""

from __future__ import annotations

from typing import Any

from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from environ import Env

from project import environment as env
from project.environment import InvalidSetting, without_password

PORTS = {"EMAIL_USE_TLS": 587, "EMAIL_USE_SSL": 465}  # where the URL names none
SERVERS = ("smtp://", "smtps://", "smtp+tls://", "smtp+ssl://", "consolemail://")


def mail_server(name: str) -> dict[str, Any]:
    """Return Django's EMAIL_ settings of a mail server; none if the variable is unset."""
    given = env.text(name)
    if not given:
        return {}
    try:
        found: dict[str, Any] = Env.email_url_config(given) if given.startswith(SERVERS) else {}
    except ValueError:  # a port that is no number
        found = {}
    if not found:
        raise InvalidSetting(
            f"{name} is {without_password(given)!r}. Write smtp+tls://user:password@host:587 "
            "(%40 for an @ in them), or consolemail:// to see mails in the log."
        )
    ports = [port for key, port in PORTS.items() if found.get(key)]
    found["EMAIL_PORT"] = found["EMAIL_PORT"] or (*ports, 25)[0]
    return {key: value for key, value in found.items() if key.startswith("EMAIL_")}


def addresses(name: str) -> list[str]:
    """Return the e-mail addresses that stand between commas."""
    found = env.listed(name)
    for one in found:
        address(name, one)
    return found


def address(name: str, given: str) -> str:
    """Return an e-mail address. Raise InvalidSetting if it is none."""
    try:
        validate_email(given)
    except ValidationError as exc:
        advice = "Write an e-mail address, such as operator@example.org."
        raise InvalidSetting(f"{name} is {given!r}. {advice}") from exc
    return given
