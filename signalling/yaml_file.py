"""YAML files of settings and keys. Errors name file and line and repeat nothing of the content: it holds secrets."""

import re
from pathlib import Path
from typing import Any

import yaml

#: What PyYAML quotes in its messages may be part of a secret; single characters tell what is wrong.
_QUOTED = re.compile(r"'[^']{2,}'")


def read_mapping(path: Path) -> dict[str, Any]:
    """The mapping in a file; an empty file is an empty one. Raises `ValueError` that names the file."""
    try:
        text = path.read_text(encoding="utf-8")
    except OSError as error:
        raise ValueError(f"{path}: {error.strerror or error}") from error
    except UnicodeDecodeError as error:
        raise ValueError(f"{path}: not UTF-8") from error
    return parse_mapping(text, str(path))


def parse_mapping(text: str, name: str) -> dict[str, Any]:
    """The mapping in a text that is called `name`. Raises `ValueError`."""
    try:
        loaded = yaml.safe_load(text)
    except yaml.MarkedYAMLError as error:
        line = f"line {error.problem_mark.line + 1}: " if error.problem_mark else ""
        raise ValueError(f"{name}: {line}{_QUOTED.sub('…', error.problem or 'not YAML')}") from error
    except Exception as error:  # of any type: PyYAML's constructors let through what they meet
        raise ValueError(f"{name}: not YAML ({type(error).__name__})") from error
    values = {} if loaded is None else loaded
    if not isinstance(values, dict) or not all(isinstance(key, str) for key in values):
        raise ValueError(f"{name}: a mapping of settings is expected")
    return values
