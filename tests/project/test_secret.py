from __future__ import annotations

import stat
from pathlib import Path

import pytest

from project.environment import InvalidSetting
from project.secret import (
    create_database_file,
    read_or_create_field_keys,
    read_or_create_secret,
)
from tests.installation import Installation
from vault.keys import is_key, new_key

WRITE = "from django.db import connection; connection.cursor().execute('CREATE TABLE t (n)'); "
SHOW = "from pathlib import Path; print(*sorted(f'{path.name} {path.stat().st_mode & 0o777:o}' "
FILES = "for path in Path(connection.settings_dict['NAME']).parent.glob('daybook*')), sep=', ')"


def test_the_key_is_kept_and_only_its_owner_reads_it(tmp_path: Path) -> None:
    path = tmp_path / "secret_key"

    secret = read_or_create_secret(path)

    assert secret == read_or_create_secret(path) == path.read_text()
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_a_key_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    with pytest.raises(InvalidSetting, match="Is a directory"):
        read_or_create_secret(tmp_path)

    (tmp_path / "empty").touch()
    with pytest.raises(InvalidSetting, match=r"is empty\. Delete it"):
        read_or_create_secret(tmp_path / "empty")


def test_keys_of_fields_are_kept_and_only_their_owner_reads_them(tmp_path: Path) -> None:
    path = tmp_path / "field_encryption_keys"

    (key,) = read_or_create_field_keys(path)

    assert is_key(key)
    assert read_or_create_field_keys(path) == [key]
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_a_new_key_of_fields_is_put_in_front_of_the_old_one(tmp_path: Path) -> None:
    path = tmp_path / "field_encryption_keys"
    keys = [new_key(), *read_or_create_field_keys(path)]
    path.write_text("\n".join(keys))

    assert read_or_create_field_keys(path) == keys


@pytest.mark.parametrize("content", [b"", b"my secret", b"\xff"])
def test_keys_of_fields_that_are_none_are_never_replaced(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "field_encryption_keys"
    path.write_bytes(content)

    with pytest.raises(InvalidSetting, match=r"no key.*Restore it from a backup") as refused:
        read_or_create_field_keys(path)

    assert "secret" not in str(refused.value)
    assert path.read_bytes() == content


def test_only_its_owner_reads_a_new_database_and_what_stands_beside_it(tmp_path: Path) -> None:
    installation = Installation(tmp_path, "")

    shown = installation.manage("shell", "--verbosity", "0", "--command", WRITE + SHOW + FILES)

    names = ("daybook.sqlite3", "daybook.sqlite3-shm", "daybook.sqlite3-wal")
    assert shown.stdout == ", ".join(f"{name} 600" for name in names) + "\n"


def test_a_database_that_is_there_stays_as_it_is(tmp_path: Path) -> None:
    path = tmp_path / "daybook.sqlite3"
    path.write_text("rows")
    path.chmod(0o640)

    create_database_file(path, setting="DATA_DIR")

    assert path.read_text() == "rows"
    assert stat.S_IMODE(path.stat().st_mode) == 0o640


def test_a_place_for_a_database_that_is_none_is_named(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/nowhere/daybook.sqlite3"

    ended = Installation(tmp_path, url).manage("check", check=False)

    assert ended.returncode == 1
    assert f"DATABASE_URL is '{tmp_path}/nowhere/daybook.sqlite3'. Daybook cannot" in ended.stderr
