"""`polyana admin` and `polyana audit`, as somebody types them."""

import io
import json
import sqlite3
from pathlib import Path

import pytest

from signalling.__main__ import main

PASSWORD = "Correct horse 1"


class Console:
    def __init__(
        self, data: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
    ) -> None:
        self._data, self._monkeypatch, self._capsys = data, monkeypatch, capsys

    def type(self, *arguments: str, typed: str = PASSWORD) -> tuple[int, str]:
        """Exit status and all that was printed."""
        self._monkeypatch.setattr("sys.stdin", io.StringIO(typed + "\n"))
        status = main([*arguments, "--dev", "--data", str(self._data)])
        output = self._capsys.readouterr()
        return status, output.out + output.err


@pytest.fixture
def console(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Console:
    return Console(tmp_path, monkeypatch, capsys)


def test_a_head_is_made_with_the_organisation(console: Console) -> None:
    status, text = console.type("admin", "head", "Anna@Example.org", "--name", "Anna")
    assert status == 0 and "anna@example.org is a head of Polyana" in text
    status, text = console.type("admin", "list")
    assert text == "anna@example.org\tAnna\thead (confirmed) in Polyana\n"
    status, text = console.type("admin", "head", "anna@example.org")
    assert status == 1 and "confirmed already" in text
    console.type("admin", "head", "anna@example.org", "--organisation", "Forest", typed="")
    status, text = console.type("admin", "revoke", "anna@example.org", "head")
    assert status == 1 and "--organisation" in text
    assert console.type("admin", "revoke", "anna@example.org", "head", "--organisation", "Forest")[0] == 0


def test_passwords(console: Console) -> None:
    status, text = console.type("admin", "head", "anna@example.org", typed="short")
    assert status == 1 and "10 to 200" in text
    console.type("admin", "head", "anna@example.org")
    assert console.type("admin", "reset-password", "anna@example.org")[0] == 0
    status, text = console.type("admin", "reset-password", "nobody@example.org")
    assert status == 1 and "nobody has the address" in text


def test_roles_that_nobody_asked_for(console: Console) -> None:
    console.type("admin", "head", "anna@example.org")
    status, text = console.type("admin", "confirm", "anna@example.org", "teacher")
    assert status == 1 and "no such role that is requested" in text
    status, text = console.type("admin", "confirm", "anna@example.org", "teacher", "--organisation", "Moon")
    assert status == 1 and "'Moon'" in text


def test_the_audit_log(console: Console, tmp_path: Path) -> None:
    console.type("admin", "head", "anna@example.org")
    assert console.type("audit", "verify") == (0, "2 entries, all in order\n")
    lines = console.type("audit", "export")[1].splitlines()
    assert [json.loads(line)["action"] for line in lines] == ["organisation_made", "role_confirmed"]
    assert console.type("audit", "export", "--format", "csv")[1].startswith("number,at,actor")
    with sqlite3.connect(tmp_path / "polyana.db") as database:
        database.execute("DROP TRIGGER audit_entries_no_update")
        database.execute("UPDATE audit_entries SET actor = 'x' WHERE number = 1")
    database.close()
    status, text = console.type("audit", "verify")
    assert status == 1 and text.startswith("entry 1: changed")
