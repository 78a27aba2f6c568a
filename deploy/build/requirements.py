"""Prints the requirements of pyproject.toml, one a line; an argument names an extra."""

import sys
import tomllib
from pathlib import Path

project = tomllib.loads((Path(__file__).resolve().parents[2] / "pyproject.toml").read_text("utf-8"))[
    "project"
]
extras = sys.argv[1:]
requirements = (
    [r for e in extras for r in project["optional-dependencies"][e]] if extras else project["dependencies"]
)
print("\n".join(requirements))
