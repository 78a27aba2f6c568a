"""TypeScript types of the school's API, made of its OpenAPI description: `python -m tests.api_types` writes them.

The usual generator needs the compiler's programming interface, which TypeScript 7 no longer has.
"""

import json
from pathlib import Path
from typing import Any

from signalling.school.api import openapi
from signalling.school.api.service import ENDPOINTS

FILE = Path(__file__).parents[1] / "web/src/api/schema.ts"
HEAD = "// Made of the server's OpenAPI description by `make api-types`. Do not edit.\n"
Schema = dict[str, Any]
PLAIN = {"string": "string", "integer": "number", "number": "number", "boolean": "boolean", "null": "null"}


def typescript(document: Schema) -> str:
    """One interface for each model, and `Endpoints`: "METHOD /path" -> what goes in and out."""
    models = document["components"]["schemas"]
    parts = [HEAD, *(_model(name, models[name]) for name in sorted(models)), _endpoints(document["paths"])]
    return "\n".join(parts)


def _model(name: str, schema: Schema) -> str:
    if schema.get("type") == "object" and "properties" in schema:
        return f"export interface {name} {_fields(schema, '  ')}\n"
    return f"export type {name} = {_type(schema)};\n"


def _fields(schema: Schema, indent: str) -> str:
    required = schema.get("required", [])
    lines = [
        f"{indent}readonly {name}{'' if name in required else '?'}: {_type(field)};\n"
        for name, field in schema.get("properties", {}).items()
    ]
    return "{\n" + "".join(lines) + indent[:-2] + "}"


def _type(schema: Schema) -> str:
    """Of one value."""
    match schema:
        case {"$ref": reference}:
            return str(reference).rpartition("/")[2]
        case {"enum": values}:
            return " | ".join(map(json.dumps, values))
        case {"const": value}:
            return json.dumps(value)
        case {"anyOf": choices} | {"oneOf": choices}:
            return " | ".join(dict.fromkeys(_type(choice) for choice in choices))
        case {"type": "array"}:
            inner = _type(schema["items"]) if "items" in schema else "unknown"
            return f"readonly ({inner})[]" if "|" in inner else f"readonly {inner}[]"
        case {"type": "object", "additionalProperties": dict(values)}:
            return f"Readonly<Record<string, {_type(values)}>>"
        case {"type": "object"}:
            return "Readonly<Record<string, unknown>>"
        case {"type": str(name)}:
            return PLAIN[name]
    return "unknown"


def _endpoints(paths: Schema) -> str:
    lines = [
        _endpoint(f"{method.upper()} {path}", operation)
        for path, operations in paths.items()
        for method, operation in operations.items()
    ]
    return "export interface Endpoints {\n" + "".join(lines) + "}\n"


def _endpoint(name: str, operation: Schema) -> str:
    body = operation.get("requestBody", {}).get("content", {}).get("application/json", {}).get("schema")
    success = next(
        answer for status, answer in operation["responses"].items() if status.startswith(("2", "3"))
    )
    content = success.get("content", {})
    answer = content.get("application/json", {}).get("schema")
    parts = {
        "path": _parameters(operation, "path"),
        "query": _parameters(operation, "query"),
        "body": _type(body) if body else "null",
        "answer": _type(answer) if answer else ("string" if content else "null"),
    }
    inner = "".join(f"    readonly {part}: {kind};\n" for part, kind in parts.items())
    return f"  /** {operation['summary']}. */\n  readonly {json.dumps(name)}: {{\n{inner}  }};\n"


def _parameters(operation: Schema, place: str) -> str:
    found = [parameter for parameter in operation["parameters"] if parameter["in"] == place]
    if not found:
        return "null"
    schema = {
        "properties": {parameter["name"]: parameter["schema"] for parameter in found},
        "required": [parameter["name"] for parameter in found if parameter["required"]],
    }
    return _fields(schema, " " * 6)


def current() -> str:
    """What the file must hold."""
    return typescript(json.loads(openapi.description(ENDPOINTS)))


if __name__ == "__main__":
    FILE.write_text(current(), encoding="utf-8")
