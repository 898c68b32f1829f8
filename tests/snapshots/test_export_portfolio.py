from __future__ import annotations

import csv
import json
from io import StringIO
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from tests.factories import make_user
from tests.snapshots.belonging import DIGITS, make_owner
from tests.snapshots.scripted import scripted_sources

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _sources():
    with scripted_sources():
        yield


def export(user: str, directory: Path, form: str = "json") -> str:
    output = StringIO()
    call_command(
        "export_portfolio", user, "--directory", str(directory), "--format", form, stdout=output
    )
    return output.getvalue()


def test_all_of_one_user_and_nothing_of_another_is_written(tmp_path):
    jack, jill = make_owner("jack"), make_owner("jill")

    said = export("jack", tmp_path / "new")

    found = {path.stem: json.loads(path.read_text()) for path in (tmp_path / "new").iterdir()}
    about = found.pop("export")
    assert about["rows"] == {kind: len(rows) for kind, rows in found.items()}
    assert all(found.values()), found
    assert [row["owner_id"] for row in found["accounts"]] == [jack.pk] != [jill.pk]
    assert "jill" not in json.dumps(found)
    assert [row["status"] for row in found["snapshots"]] == ["accepted", "manual"]
    assert (len(found["parts"]), len(found["positions"])) == (4, 5)
    assert said.endswith(f"rows in 10 files are in {tmp_path / 'new'}.\n")


@pytest.mark.parametrize("form", ["json", "csv"])
def test_13_no_secret_is_in_it(form, tmp_path):
    make_owner("jack")

    export("jack", tmp_path / "new", form)

    for path in (tmp_path / "new").iterdir():
        assert "PLANTED" not in path.read_text(), path.name
        assert path.stat().st_mode & 0o077 == 0


def test_numbers_are_exact_and_instants_in_utc(tmp_path):
    make_owner("jack")

    export("jack", tmp_path)

    flow = json.loads((tmp_path / "flows.json").read_text())[0]
    entered = json.loads((tmp_path / "entered_positions.json").read_text())[0]
    assert (flow["amount"], flow["at"]) == ("-5.1", "2026-03-02T15:30:00+00:00")
    assert (entered["amount"], entered["price"]) == (DIGITS, None)


def test_free_text_is_no_formula_and_numbers_stay_numbers(tmp_path):
    make_owner("jack")

    export("jack", tmp_path, "csv")

    flow, entered, account = (
        next(csv.DictReader(StringIO((tmp_path / f"{kind}.csv").read_text())))
        for kind in ("flows", "entered_positions", "accounts")
    )
    assert (flow["note"], flow["amount"], flow["is_internal"]) == ("'@SUM(A1)", "-5.1", "false")
    assert (entered["ticker"], entered["amount"]) == ("'+X", DIGITS)
    assert account["name"] == "'=jack"
    assert json.loads(account["settings"])["script"] == "=jack"


def test_nothing_is_overwritten(tmp_path):
    make_owner("jack")
    (tmp_path / "flows.json").write_text("mine")

    with pytest.raises(CommandError, match=r"There is an export already: flows\.json"):
        export("jack", tmp_path)

    assert [path.name for path in tmp_path.iterdir()] == ["flows.json"]
    assert (tmp_path / "flows.json").read_text() == "mine"


def test_what_cannot_be_written_leaves_nothing(tmp_path):
    make_user("jack")
    (tmp_path / "file").write_text("")

    with pytest.raises(CommandError, match="Nothing is left of the export"):
        export("jack", tmp_path / "file" / "new")
    with pytest.raises(CommandError, match="There is no user 'jill'"):
        export("jill", tmp_path)
