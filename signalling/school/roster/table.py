"""Tables in files: CSV with a header, each line with its number, each fault with its line. Pure."""

import csv
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

MAX_ROWS = 20_000
MAX_CELL = 120
MAX_FAULTS = 200
"""Nobody reads more; the rest is counted."""
_CONTROLS = re.compile(r"[\x00-\x1f\x7f-\x9f]")


@dataclass(frozen=True)
class Fault:
    """What is wrong in a file. `line` counts from 1, the header included; 0: the file as a whole."""

    file: str
    line: int
    column: str
    message: str


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
        faults += [Fault(file, 1, name, "this column is missing") for name in missing]
        return []
    rows: list[Row] = []
    for line, cells in lines:
        if not any(cell.strip() for cell in cells):
            continue
        if len(rows) == MAX_ROWS:
            faults.append(Fault(file, line, "", f"more than {MAX_ROWS} lines"))
            break
        if len(cells) != len(columns):
            faults.append(Fault(file, line, "", f"{len(cells)} cells where the header has {len(columns)}"))
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
            faults.append(Fault(file, begin, "", f"no CSV: {error}"))
            return
        yield begin, cells


def _unfit(file: str, row: Row) -> Iterator[Fault]:
    for column, cell in row.cells.items():
        if len(cell) > MAX_CELL:
            yield Fault(file, row.line, column, f"longer than {MAX_CELL} characters")
        elif _CONTROLS.search(cell):
            yield Fault(file, row.line, column, "control characters are not allowed")
