"""Files become rosters; each line that is wrong is named. Pure."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from signalling.school.errors import BadRequest
from signalling.school.roster import table
from signalling.school.roster.importing import read_files
from signalling.school.roster.model import Roster, RosterChild
from signalling.school.roster.oneroster import CLASSES, ENROLLMENTS, USERS
from signalling.school.roster.simple import read_simple
from signalling.school.roster.table import Fault
from signalling.school.words import AgeBand

SIMPLE = "group,family,child,age\nRainbow,Petrov,Vera,4-5\nRainbow,Petrov,Ivan,\nSun,Ivanov,,\n"


def faults(roster: Roster) -> list[tuple[int, str]]:
    return [(fault.line, fault.column) for fault in roster.faults]


def test_a_table_of_ours() -> None:
    roster = read_simple("roster.csv", SIMPLE)
    assert not roster.faults
    assert [(group.name, group.age) for group in roster.groups.values()] == [
        ("Rainbow", AgeBand.TO_5),
        ("Sun", None),
    ]
    petrov, ivanov = roster.families.values()
    assert petrov.children == [RosterChild("Vera", "rainbow"), RosterChild("Ivan", "rainbow")]
    assert ivanov.groups == {"sun"} and not ivanov.children


@pytest.mark.parametrize(
    "text",
    [
        SIMPLE.replace(",", ";"),
        SIMPLE.replace(",", "\t"),
        "\ufeff" + SIMPLE.replace("\n", "\r\n"),
        SIMPLE.replace("group,family,child,age", "Группа,Семья,Ребёнок,Возраст"),
        SIMPLE.replace("4-5", "4 – 5"),
        SIMPLE + "\n,,,\n",
    ],
)
def test_what_spreadsheets_make_of_it(text: str) -> None:
    assert read_simple("roster.csv", text) == read_simple("roster.csv", SIMPLE)


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("", [(1, "group"), (1, "family")]),
        ("group,child\na,b\n", [(1, "family")]),
        ("group,family\n,Petrov\na,\n", [(2, "group"), (3, "family")]),
        ("group,family,age\na,b,17\n", [(2, "age")]),
        ("group,family,age\na,b,3-4\na,c,5-6\n", [(3, "age")]),
        ("group,family\na,b\nA,B\n", [(3, "")]),
        ("group,family\na\na,b,c\na,b\n", [(2, ""), (3, "")]),
        ('group,family\na,"b\n', [(2, "")]),
        ("group,family\na," + "x" * 121 + "\n", [(2, "family")]),
        ("group,family\na,b\x07\n", [(2, "family")]),
        ('group,family\n"a\nb",c\nd,\n', [(2, "group"), (4, "family")]),
    ],
)
def test_each_line_that_is_wrong_is_named(text: str, found: list[tuple[int, str]]) -> None:
    assert faults(read_simple("roster.csv", text)) == found


def test_too_many_lines(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(table, "MAX_ROWS", 2)
    assert faults(read_simple("r", SIMPLE)) == [(4, "")]


@settings(derandomize=True, max_examples=300)
@given(st.text(alphabet='group,family;child\n\r\t" \x00я4-5', max_size=200))
def test_any_text_is_read_or_refused(text: str) -> None:
    for name in (text, "group,family,child,age\n" + text):
        roster = read_simple("r", name)
        assert all(isinstance(fault, Fault) and fault.message for fault in roster.faults)


# OneRoster

ONEROSTER = {
    CLASSES: "sourcedId,status,dateLastModified,title,grades\nc1,,,Rainbow,PK\nc2,,,Sun,\n",
    USERS: "sourcedId,status,role,givenName,familyName,email,agentSourcedIds\n"
    'u1,,student,Vera,Petrova,,"g1,g2"\n'
    'u2,,student,Ivan,Petrov,,"g2,g1"\n'
    "u3,,student,Oleg,Ivanov,,\n"
    "g1,,guardian,Maria,Petrova,m@example.org,\n"
    "g2,,guardian,Pavel,Petrov,,\n"
    "t1,,teacher,Anna,Sidorova,Anna@Example.org,\n"
    "gone,tobedeleted,student,Gone,Gone,,\n",
    ENROLLMENTS: "sourcedId,status,classSourcedId,userSourcedId,role\n"
    "e1,,c1,u1,student\ne2,,c2,u2,student\ne3,,c1,u3,student\ne4,,c1,t1,teacher\n",
}


def test_oneroster() -> None:
    roster = read_files(ONEROSTER)
    assert not roster.faults
    assert [(g.name, g.age, g.external_id) for g in roster.groups.values()] == [
        ("Rainbow", AgeBand.TO_5, "c1"),
        ("Sun", None, "c2"),
    ]
    families = [(f.name, [(c.first_name, c.group) for c in f.children]) for f in roster.families.values()]
    assert families == [("Petrova", [("Vera", "c1"), ("Ivan", "c2")]), ("Ivanov", [("Oleg", "c1")])]
    assert roster.teachers == {"anna@example.org": {"c1"}}


@pytest.mark.parametrize(
    ("file", "line", "found"),
    [
        (CLASSES, "c1,,,Twice,", (CLASSES, 4, "sourcedId")),
        (CLASSES, "c3,,,,", (CLASSES, 4, "title")),
        (USERS, "u4,,student,A,B,,nobody", (USERS, 9, "agentSourcedIds")),
        (ENROLLMENTS, "e5,,c9,u1,student", (ENROLLMENTS, 6, "classSourcedId")),
        (ENROLLMENTS, "e5,,c1,u9,student", (ENROLLMENTS, 6, "userSourcedId")),
        (ENROLLMENTS, "e5,,c1,u1,king", (ENROLLMENTS, 6, "role")),
    ],
)
def test_faults_between_the_files(file: str, line: str, found: tuple[str, int, str]) -> None:
    roster = read_files(ONEROSTER | {file: ONEROSTER[file] + line + "\n"})
    assert [(fault.file, fault.line, fault.column) for fault in roster.faults] == [found]


def test_a_file_that_is_missing() -> None:
    roster = read_files({name: text for name, text in ONEROSTER.items() if name != ENROLLMENTS})
    assert [(fault.file, fault.line) for fault in roster.faults] == [(ENROLLMENTS, 0)]


def test_files_of_no_kind() -> None:
    with pytest.raises(BadRequest):
        read_files({"a.csv": "", "b.csv": ""})
