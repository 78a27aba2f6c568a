"""Tables in files: CSV with a header, each line with its number, each fault with its line. Pure."""

import csv
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum

MAX_ROWS = 20_000
MAX_CELL = 120
MAX_FAULTS = 200
"""Nobody reads more; the rest is counted."""
_CONTROLS = re.compile(r"[\x00-\x1f\x7f-\x9f]")


class FaultCode(StrEnum):
    """What can be wrong."""

    FILE_MISSING = "FILE_MISSING"
    COLUMN_MISSING = "COLUMN_MISSING"
    EMPTY = "EMPTY"
    REPEATED = "REPEATED"
    NO_AGE = "NO_AGE"
    OTHER_AGE = "OTHER_AGE"
    NO_CLASS = "NO_CLASS"
    NO_USER = "NO_USER"
    NO_ROLE = "NO_ROLE"
    TOO_MANY_LINES = "TOO_MANY_LINES"
    CELLS = "CELLS"
    TOO_LONG = "TOO_LONG"
    CONTROLS = "CONTROLS"
    NO_CSV = "NO_CSV"


MESSAGES: Mapping[FaultCode, str] = {
    FaultCode.FILE_MISSING: "this file is missing",
    FaultCode.COLUMN_MISSING: "this column is missing",
    FaultCode.EMPTY: "must not be empty",
    FaultCode.REPEATED: "the same as line {line}",
    FaultCode.NO_AGE: "{value!r} is none of {known}",
    FaultCode.OTHER_AGE: "the group has another age above",
    FaultCode.NO_CLASS: "no class has the id {value!r}",
    FaultCode.NO_USER: "no user has the id {value!r}",
    FaultCode.NO_ROLE: "{value!r} is not known",
    FaultCode.TOO_MANY_LINES: "more than {most} lines",
    FaultCode.CELLS: "{here} cells where the header has {header}",
    FaultCode.TOO_LONG: "longer than {most} characters",
    FaultCode.CONTROLS: "control characters are not allowed",
    FaultCode.NO_CSV: "no CSV: {reason}",
}


@dataclass(frozen=True)
class Fault:
    """What is wrong in a file. `line` counts from 1, the header included; 0: the file as a whole."""

    file: str
    line: int
    column: str
    code: FaultCode
    values: Mapping[str, str] = field(default_factory=dict)
    """For the message."""

    @property
    def message(self) -> str:
        return MESSAGES[self.code].format_map(self.values)


@dataclass(frozen=True)
class Row:
    """A line by the names of its columns; cells are stripped."""

    line: int
    cells: Mapping[str, str]

    def __getitem__(self, column: str) -> str:
        return self.cells.get(column, "")


def read_table(
    file: str, text: str, required: Iterable[str], names: Mapping[str, str], faults: list[Fault]
) -> list[Row]:
    """Rows of a CSV file (RFC 4180; also with semicolons or tabs). `names` gives our name of a column by the name in
    lower case; other columns are left out. Without a `required` column there are no rows."""
    lines = _lines(file, text.removeprefix("\ufeff"), faults)
    _, header = next(lines, (0, ()))
    columns = [names.get(cell.strip().casefold(), "") for cell in header]
    if missing := [name for name in required if name not in columns]:
        faults += [Fault(file, 1, name, FaultCode.COLUMN_MISSING) for name in missing]
        return []
    rows: list[Row] = []
    for line, cells in lines:
        if not any(cell.strip() for cell in cells):
            continue
        if len(rows) == MAX_ROWS:
            faults.append(Fault(file, line, "", FaultCode.TOO_MANY_LINES, {"most": str(MAX_ROWS)}))
            break
        if len(cells) != len(columns):
            values = {"here": str(len(cells)), "header": str(len(columns))}
            faults.append(Fault(file, line, "", FaultCode.CELLS, values))
            continue
        row = Row(line, {name: cell.strip() for name, cell in zip(columns, cells, strict=True) if name})
        if found := list(_unfit(file, row)):
            faults += found
        else:
            rows.append(row)
    return rows


def _lines(file: str, text: str, faults: list[Fault]) -> Iterator[tuple[int, Sequence[str]]]:
    first = text.partition("\n")[0]
    delimiter = max(",;\t", key=first.count)
    reader = csv.reader(text.splitlines(keepends=True), delimiter=delimiter, strict=True)
    while True:
        begin = reader.line_num + 1
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            faults.append(Fault(file, begin, "", FaultCode.NO_CSV, {"reason": str(error)}))
            return
        yield begin, cells


def _unfit(file: str, row: Row) -> Iterator[Fault]:
    for column, cell in row.cells.items():
        if len(cell) > MAX_CELL:
            yield Fault(file, row.line, column, FaultCode.TOO_LONG, {"most": str(MAX_CELL)})
        elif _CONTROLS.search(cell):
            yield Fault(file, row.line, column, FaultCode.CONTROLS)
