from __future__ import annotations

import runpy
import sys
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings

from project.environment import InvalidSetting, without_password
from tests.installation import Installation
from vault.keys import new_key

NUMBER = "Write a whole number from 1 to 65535, such as 8000."
SECONDS = "Write a number of seconds from 0 to 86400, such as 30."
WRONG = [
    ("PORT", "abc", NUMBER),
    ("PORT", "99999", NUMBER),
    ("PORT", "0", NUMBER),
    ("PORT", "80.5", NUMBER),
    ("PORT", "٨٠٠٠", NUMBER),
    ("WEB_CONCURRENCY", "many", "Write a whole number from 1 to 1000, such as 2."),
    ("SCHEDULING_THREADS", "0", "Write a whole number from 1 to 1000, such as 20."),
    ("SCHEDULING_CATCH_UP_CAP", "0", "Write a whole number from 1 to 100000, such as 100."),
    ("SCHEDULING_QUEUE_CAP", "-5", "Write a whole number from 1 to 100000, such as 100."),
    ("SCHEDULING_SWEEP", "1e12", "Write a number of seconds from 0.1 to 86400, such as 2."),
    ("SCHEDULING_LOG_LINES", "-1", "Write a whole number of 0 or more, such as 10000."),
    ("SHUTDOWN_GRACE", "x", SECONDS),
    ("SHUTDOWN_GRACE", "-1", SECONDS),
    ("SHUTDOWN_GRACE", "nan", SECONDS),
    ("SHUTDOWN_GRACE", "inf", SECONDS),
    ("LOG_FORMAT", "xml", "Write text or json."),
    ("LOG_LEVEL", "LOUD", "Write INFO, DEBUG, WARNING, ERROR or CRITICAL."),
    ("HTTPS", "ture", "Write 1 or 0."),
    ("EXTRA_APPS", "tset", "No such package is installed."),
    ("EXTRA_APPS", ".apps", "No such package is installed."),
    ("UPBIT_URL", "http://api.upbit.com", "Write https://host, such as https://api.upbit.com, or"),
    ("UPBIT_URL", "ftp://127.0.0.1", "Write https://host"),
    ("UPBIT_URL", "https://[::1", "Write https://host"),
    ("UPBIT_URL", "https://api.upbit.com:port", "Write https://host"),
    ("UPBIT_URL", "https://", "Write https://host"),
    ("UPBIT_URL", "api.upbit.com", "Write https://host"),
    ("CCXT_BINANCE_URL", "http://api.binance.com", "Write https://host"),
    ("KIS_URL", "http://openapi.koreainvestment.com", "Write https://host"),
    ("KIS_MASTER_URL", "files", "Write https://host"),
    ("KIS_CALLS_PER_SECOND", "0", "Write a number from 0.1 to 20, such as 15."),
    ("KIS_CALLS_PER_SECOND", "nan", "Write a number from 0.1 to 20, such as 15."),
    ("KIS_CALLS_PER_SECOND", "many", "Write a number from 0.1 to 20, such as 15."),
    ("KIS_MARKETS", "NASDAQ", "Write some of KOSPI, KOSDAQ, KONEX, NAS,"),
    ("VENUE_READ_TIMEOUT", "0", "Write a number of seconds from 0.1 to 86400, such as 10."),
    ("TRACKED_MARKETS", "KRW", "Write venue:market, such as upbit:KRW, or none."),
    ("NOTIFY_EMAILS", "operator", "Write an e-mail address, such as operator@example.org."),
    ("EMAIL_FROM", "me@", "Write an e-mail address"),
    ("EMAIL_URL", "mail.example.org", "Write smtp+tls://user:password@host:587"),
    ("EMAIL_URL", "smtp://host:port", "Write smtp+tls://"),
    ("DATA_DIR", "/dev/null/var", "Daybook cannot write there (Not a directory)."),
    ("DATABASE_URL", "nonsense", "Write postgres://user:password@host/name"),
    ("DATABASE_URL", "postgres://localhost", "Write postgres://"),
    ("DATABASE_URL", "sqlite://", "Write postgres://"),
    ("DATABASE_URL", "mysql://localhost/daybook", "Write postgres://"),
]


def read_settings(**env: str) -> dict[str, Any]:
    """Return the settings as a process with these variables would see them."""
    with pytest.MonkeyPatch.context() as patch:
        for name, value in env.items():
            patch.setenv(name, value)
        return runpy.run_path(str(settings.BASE_DIR / "project" / "settings.py"))


def refusal(**env: str) -> str:
    with pytest.raises(InvalidSetting) as refused:
        read_settings(**env)
    return str(refused.value)


@pytest.mark.parametrize(("name", "value", "advice"), WRONG)
def test_a_wrong_value_is_named_with_what_to_write(name: str, value: str, advice: str) -> None:
    message = refusal(**{name: value})

    assert message.startswith(f"{name} is {value!r}. {advice}")
    assert "\n" not in message


def test_an_unknown_time_zone_comes_with_what_was_meant() -> None:
    assert "Did you mean Europe/Zurich?" in refusal(TIME_ZONE="zurich")
    assert refusal(TIME_ZONE="Foo").startswith("TIME_ZONE: Unknown time zone 'Foo'. Use ")


def test_a_blank_value_is_none() -> None:
    blank = dict.fromkeys(("PORT", "LOG_LEVEL", "TIME_ZONE", "SHUTDOWN_GRACE", "DATABASE_URL"), " ")

    read = read_settings(**blank)

    assert (read["PORT"], read["LOG_LEVEL"], read["TIME_ZONE"]) == (8000, "INFO", "UTC")
    assert read["DATABASES"]["default"]["NAME"] == str(settings.DATA_DIR / "daybook.sqlite3")


def test_right_values_are_taken() -> None:
    read = read_settings(
        PORT="81", HTTPS="Yes", LOG_LEVEL="debug", TIME_ZONE="Asia/Tokyo", ALLOWED_HOSTS="a, b,",
        DATABASE_URL="postgres://u:p%40@localhost:5433/n",
    )  # fmt: skip

    assert (read["PORT"], read["HTTPS"], read["LOG_LEVEL"]) == (81, True, "DEBUG")
    assert (read["TIME_ZONE"], read["ALLOWED_HOSTS"]) == ("Asia/Tokyo", ["a", "b"])
    database = read["DATABASES"]["default"]
    assert (database["PASSWORD"], database["PORT"], database["NAME"]) == ("p@", 5433, "n")


@pytest.mark.parametrize(
    "url",
    [
        "postgres://jack:secret@host:port/name",
        "postgres://jack:sec@ret@host:port/name",
        "postgres:jack:secret@host",
        "postgres:///?user=jack&PASSWORD=secret",
    ],
)
def test_no_password_is_shown(url: str) -> None:
    assert "***" in without_password(url)
    assert "ret" not in refusal(DATABASE_URL=url)


def test_a_key_of_fields_that_is_none_is_not_shown() -> None:
    refused = refusal(FIELD_ENCRYPTION_KEYS=f"{new_key()}, my-key")

    assert refused.startswith("FIELD_ENCRYPTION_KEYS: Number 2 of 2 is no key. Make one with: ")
    assert "my-key" not in refused


@pytest.mark.parametrize("name", ["KIS_APP_KEY", "KIS_APP_SECRET"])
@pytest.mark.parametrize("key", ["my key", "my\nkey", "mykéy"])
def test_a_key_that_cannot_be_sent_is_refused_and_not_shown(name: str, key: str) -> None:
    refused = refusal(**{name: key})

    assert refused == f"{name} has a blank or a special character in it, as no key has."


def test_markets_are_named_once_in_any_case() -> None:
    assert read_settings(KIS_MARKETS="kospi, NAS,KOSPI")["KIS_MARKETS"] == ["KOSPI", "NAS"]
    assert read_settings(KIS_MARKETS="")["KIS_MARKETS"][-1] == "HSX"


def test_a_directory_without_the_right_to_write_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Root may write everywhere, so ask for what even root cannot do.
    monkeypatch.setattr("os.access", lambda path, mode: path != tmp_path)

    assert "Daybook cannot write there. Set DATA_DIR to" in refusal(DATA_DIR=str(tmp_path))


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ("", [("upbit", "KRW")]),
        ("none", []),
        ("Upbit:KRW, kis:KOSPI,", [("upbit", "KRW"), ("kis", "KOSPI")]),
    ],
)
def test_tracked_markets_are_pairs(given: str, expected: list[tuple[str, str]]) -> None:
    assert read_settings(TRACKED_MARKETS=given)["TRACKED_MARKETS"] == expected


@pytest.mark.any_database
@pytest.mark.parametrize("command", ["setup", "runapscheduler", "check"])
def test_a_command_ends_with_one_line(new_installation: Installation, command: str) -> None:
    ended = new_installation.manage(command, check=False, PORT="abc")

    assert ended.returncode == 1
    assert ended.stderr == f"Daybook cannot start. PORT is 'abc'. {NUMBER}\n"


@pytest.mark.any_database
def test_the_start_of_all_ends_with_one_line(new_installation: Installation) -> None:
    program = new_installation.launch((sys.executable, "-m", "project.start"), LOG_FORMAT="xml")

    assert program.wait(15) == 1
    assert program.output == "Daybook cannot start. LOG_FORMAT is 'xml'. Write text or json.\n"


@pytest.mark.any_database
def test_gunicorn_ends_and_says_why(new_installation: Installation) -> None:
    command = ("-m", "gunicorn", "project.wsgi", "--bind", "127.0.0.1:0", "--no-control-socket")

    program = new_installation.launch((sys.executable, *command), SHUTDOWN_GRACE="x")

    assert program.wait(15) != 0
    assert f"SHUTDOWN_GRACE is 'x'. {SECONDS}" in program.output


@pytest.mark.any_database
@pytest.mark.parametrize("command", ["setup", "runapscheduler", "list_jobs"])
def test_a_database_that_is_away_is_said_in_one_line(
    new_installation: Installation, command: str
) -> None:
    away = "postgres://jack:secret@127.0.0.1:9/daybook"

    ended = new_installation.manage(command, check=False, DATABASE_URL=away)

    assert ended.returncode == 1
    assert "The database does not answer, or lacks migrations: connection" in ended.stderr
    assert "Traceback" not in ended.stderr
    assert "secret" not in ended.stderr


def test_a_scheduler_without_tables_is_told_to_migrate(new_installation: Installation) -> None:
    ended = new_installation.manage("runapscheduler", check=False)

    assert ended.returncode == 1
    assert "lacks migrations" in ended.stderr
    assert "Traceback" not in ended.stderr


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ("", "https://api.upbit.com"),
        ("https://sg-api.upbit.com/", "https://sg-api.upbit.com"),
        ("http://127.0.0.1:8123", "http://127.0.0.1:8123"),
        ("http://[::1]:8123", "http://[::1]:8123"),
    ],
)
def test_a_venue_is_called_over_tls_unless_it_is_on_this_machine(given: str, expected: str) -> None:
    assert read_settings(UPBIT_URL=given)["UPBIT_URL"] == expected
