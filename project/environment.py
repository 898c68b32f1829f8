"""Read environment variables, or say in one line what to write instead.

What is unset or blank has its default. Each function raises InvalidSetting for another value.
"""

from __future__ import annotations

import os
import re
from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from django.core.exceptions import ImproperlyConfigured
from environ import Env

from scheduling.exceptions import InvalidTrigger
from scheduling.triggers.zones import read_zone
from vault.keys import HOW_TO_MAKE, fault_of

YES, NO = ("1", "true", "yes", "on"), ("0", "false", "no", "off")
DATABASES = ("postgres://", "postgresql://", "sqlite:///")
HERE = ("127.0.0.1", "::1", "localhost")
EXCHANGE_FIELDS = {
    "_URL": "url",
    "_API_KEY": "apiKey",
    "_SECRET": "secret",
    "_PASSWORD": "password",
}
A_DAY = 86_400.0  # s: who waits longer means something else
SYSTEM_ZONES = Path("/usr/share/zoneinfo")  # Django asks there too, where it exists


class InvalidSetting(ImproperlyConfigured):
    """An environment variable has a value that cannot be used."""


def text(name: str, default: str = "") -> str:
    return os.environ.get(name, "").strip() or default


def listed(name: str) -> list[str]:
    """Return what stands between commas."""
    return [part.strip() for part in text(name).split(",") if part.strip()]


def paths(name: str, default: str) -> list[str]:
    """Return paths on this server, with their queries: they begin with a slash."""
    found = [part.strip() for part in text(name, default).split(",") if part.strip()]
    for one in found:
        if not one.startswith("/") or one.startswith("//"):
            raise _invalid(name, one, "Write the path only, such as /balances/current.")
    return found


def packages(name: str) -> list[str]:
    """Return the dotted names of modules or classes, in packages that can be imported."""
    found = listed(name)
    for one in found:
        top = one.partition(".")[0]
        if not (top and find_spec(top)):
            raise _invalid(name, one, "No such package is installed. Write its dotted name.")
    return found


def flag(name: str) -> bool:
    """Return False if the variable is unset."""
    given = text(name, NO[0])
    if given.lower() not in YES + NO:
        raise _invalid(name, given, "Write 1 or 0.")
    return given.lower() in YES


def whole(name: str, default: int, *, least: int = 1, most: int | None = None) -> int:
    given = text(name, str(default))
    value = int(given) if given.isascii() and re.fullmatch(r"[+-]?\d{1,18}", given) else None
    if value is None or value < least or (most is not None and value > most):
        bounds = f"of {least} or more" if most is None else f"from {least} to {most}"
        raise _invalid(name, given, f"Write a whole number {bounds}, such as {default}.")
    return value


def seconds(name: str, default: float, *, least: float = 0.0) -> float:
    given = text(name, str(default))
    try:
        value = float(given)
    except ValueError:
        value = float("nan")
    if not least <= value <= A_DAY:  # nor nan
        raise _invalid(
            name,
            given,
            f"Write a number of seconds from {least:g} to {A_DAY:g}, such as {default:g}.",
        )
    return value


def number(name: str, default: float, *, least: float, most: float) -> float:
    given = text(name, str(default))
    try:
        value = float(given)
    except ValueError:
        value = float("nan")
    if not least <= value <= most:  # nor nan
        advice = f"Write a number from {least:g} to {most:g}, such as {default:g}."
        raise _invalid(name, given, advice)
    return value


def some_of(name: str, choices: Sequence[str]) -> list[str]:
    """Return those that stand between commas, upper or lower case; all if the variable is unset."""
    given = [one.upper() for one in listed(name)]
    for one in given:
        if one not in choices:
            raise _invalid(name, one, f"Write some of {', '.join(choices)}, with commas.")
    return list(dict.fromkeys(given)) or list(choices)


def secret(name: str) -> str:
    """Return a key that is sent in a header. It is never shown."""
    given = text(name)
    if not (given.isascii() and given.isprintable()) or " " in given:
        raise InvalidSetting(f"{name} has a blank or a special character in it, as no key has.")
    return given


def choice(name: str, choices: Sequence[str]) -> str:
    """Return one of the choices, upper or lower case; the first if the variable is unset."""
    given = text(name, choices[0])
    for one in choices:
        if given.lower() == one.lower():
            return one
    raise _invalid(name, given, f"Write {', '.join(choices[:-1])} or {choices[-1]}.")


def time_zone(name: str) -> str:
    """Return the name of a zone, UTC if the variable is unset."""
    given = text(name, "UTC")
    try:
        read_zone(given)
    except InvalidTrigger as exc:
        raise InvalidSetting(f"{name}: {' '.join(exc.errors['timezone'])}") from exc
    if SYSTEM_ZONES.exists() and not (SYSTEM_ZONES / given).exists():
        raise _invalid(name, given, f"It is not in {SYSTEM_ZONES}. Write one that is.")
    return given


def directory(name: str, default: Path) -> Path:
    """Return the full path of a directory that can be written to. It is made where it is not."""
    path = Path(text(name, str(default)))
    try:
        path.mkdir(parents=True, exist_ok=True)
    except OSError as exc:
        raise unwritable(name, path, exc.strerror) from exc
    if not os.access(path, os.W_OK | os.X_OK):
        raise unwritable(name, path)
    return path.resolve()


def database(name: str) -> dict[str, Any]:
    """Return Django's settings of a database; none if the variable is unset."""
    given = text(name)
    if not given:
        return {}
    try:
        config: dict[str, Any] = Env.db_url_config(given) if given.startswith(DATABASES) else {}
    except ValueError:  # a port that is no number, or special characters in the password
        config = {}
    if config.get("NAME", ":memory:") in ("", ":memory:"):
        raise _invalid(
            name,
            without_password(given),
            "Write postgres://user:password@host/name (%40 for an @ in the password, and so on) or "
            "sqlite:////full/path, or nothing for SQLite in DATA_DIR.",
        )
    return config


def markets(name: str, default: str) -> list[tuple[str, str]]:
    """Return what stands between commas as pairs of venue and market; `none`: no pair."""
    given = text(name, default)
    if given.lower() == "none":
        return []
    pairs = [part.strip().partition(":") for part in given.split(",") if part.strip()]
    if not all(venue.strip() and market.strip() for venue, _, market in pairs):
        raise _invalid(name, given, f"Write venue:market, such as {default}, or none.")
    return [(venue.strip().lower(), market.strip()) for venue, _, market in pairs]


def web_address(name: str, default: str) -> str:
    """Return a URL without a slash at its end: https, or http on this machine."""
    given = text(name, default)
    try:
        parts = urlsplit(given)
        host, _ = parts.hostname, parts.port
    except ValueError:  # a port that is no number, a bracket that is not closed
        host = None
    if not host or parts.scheme not in (("https", "http") if host in HERE else ("https",)):
        raise _invalid(
            name,
            without_password(given),
            f"Write https://host, such as {default}, or http://127.0.0.1:port.",
        )
    return given.rstrip("/")


def of_exchanges(prefix: str) -> dict[str, dict[str, str]]:
    """Return what PREFIX_NAME_URL and the like say, by name in lower case and ccxt's field."""
    found: dict[str, dict[str, str]] = {}
    for variable in sorted(os.environ):
        for ending, field in EXCHANGE_FIELDS.items():
            name = variable.removeprefix(f"{prefix}_").removesuffix(ending)
            if variable != f"{prefix}_{name}{ending}" or not text(variable):
                continue
            is_url = field == "url"
            value = web_address(variable, "https://api.host") if is_url else text(variable)
            found.setdefault(name.lower(), {})[field] = value
    return found


def without_password(url: str) -> str:
    """Return what may be shown of a URL, also if it is no proper one."""
    return re.sub(r"(?i)(password=)[^&]*", r"\1***", re.sub(r":(?!//).*@", ":***@", url))


def field_keys(name: str) -> list[str]:
    """Return keys that stand between commas; none if the variable is unset."""
    keys = listed(name)
    return refuse_wrong_keys(name, keys, f"Make one with: {HOW_TO_MAKE}") if keys else []


def refuse_wrong_keys(where: str, keys: list[str], advice: str) -> list[str]:
    """Return the keys. Raise InvalidSetting if one is none: it is counted, and never shown."""
    fault = fault_of(keys)
    if fault:
        raise InvalidSetting(f"{where}: {fault} {advice}")
    return keys


def unwritable(name: str, path: Path, why: str | None = None) -> InvalidSetting:
    because = f" ({why})" if why else ""
    advice = f"Daybook cannot write there{because}. Set {name} to a place where it can."
    return _invalid(name, str(path), advice)


def _invalid(name: str, given: str, advice: str) -> InvalidSetting:
    return InvalidSetting(f"{name} is {given!r}. {advice}")
