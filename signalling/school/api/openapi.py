"""The OpenAPI 3.1 description of the endpoints, made of their models."""

import json
import re
from functools import cache
from typing import Any

from pydantic.json_schema import JsonSchemaMode, models_json_schema

from signalling import __version__
from signalling.school.api.endpoint import Access, Endpoint
from signalling.school.api.models import CODE_PATTERN, ID_PATTERN, ErrorAnswer
from signalling.school.library.material import LANGUAGE, PICTURE, RENDITION

REF = "#/components/schemas/{model}"
PATTERNS = {
    "code": CODE_PATTERN,
    "provider": "^[a-z0-9-]{1,32}$",
    "language": f"^({LANGUAGE.pattern})$",
    "picture": f"^({PICTURE.pattern})$",
    "rendition": f"^({RENDITION.pattern})$",
}
HEADER_PARAMETER = {
    "name": "X-Polyana",
    "in": "header",
    "required": True,
    "schema": {"type": "string", "const": "1"},
}


@cache
def description(found: tuple[Endpoint, ...]) -> str:
    """As JSON. Made once: it takes a tenth of a second."""
    models: list[tuple[Any, JsonSchemaMode]] = [(ErrorAnswer, "serialization")]
    models += [(e.body, "validation") for e in found if e.body]
    models += [(e.answer, "serialization") for e in found if e.answer]
    models += [(e.query, "validation") for e in found if e.query]
    schemas, definitions = models_json_schema(models, ref_template=REF)
    components = definitions.get("$defs", {})
    paths: dict[str, dict[str, Any]] = {}
    for endpoint in found:
        paths.setdefault(endpoint.path, {})[endpoint.method.lower()] = _operation(
            endpoint, schemas, components
        )
    document = {
        "openapi": "3.1.0",
        "info": {"title": "Polyana", "version": __version__},
        "paths": paths,
        "components": {
            "schemas": components,
            "securitySchemes": {"session": {"type": "apiKey", "in": "cookie", "name": "polyana"}},
        },
    }
    return json.dumps(document, ensure_ascii=False)


def _operation(endpoint: Endpoint, schemas: Any, components: Any) -> dict[str, Any]:
    operation: dict[str, Any] = {
        "operationId": endpoint.name,
        "summary": endpoint.summary,
        "parameters": _parameters(endpoint, schemas, components),
        "responses": {str(endpoint.status): _success(endpoint, schemas)} | _refusals(schemas),
        "security": [{"session": []}] if endpoint.access is Access.SIGNED_IN else [],
    }
    if endpoint.body is not None:
        schema = schemas[endpoint.body, "validation"]
        operation["requestBody"] = {"required": True, "content": {"application/json": {"schema": schema}}}
    return operation


def _parameters(endpoint: Endpoint, schemas: Any, components: Any) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    for name in re.findall(r"\{(\w+)\}", endpoint.path):
        schema = {"type": "string", "pattern": PATTERNS.get(name, ID_PATTERN)}
        found.append({"name": name, "in": "path", "required": True, "schema": schema})
    if endpoint.query is not None:
        query = components[schemas[endpoint.query, "validation"]["$ref"].rpartition("/")[2]]
        required = query.get("required", [])
        for name, content in query["properties"].items():
            found.append({"name": name, "in": "query", "required": name in required, "schema": content})
    if endpoint.custom_header and endpoint.method != "GET":
        found.append(HEADER_PARAMETER)
    return found


def _success(endpoint: Endpoint, schemas: Any) -> dict[str, Any]:
    if endpoint.media_type is not None:
        content = {endpoint.media_type: {"schema": {"type": "string"}}}
        return {"description": "As a file", "content": content}
    if endpoint.answer is None:
        return {"description": "Done"}
    schema = schemas[endpoint.answer, "serialization"]
    return {"description": "Done", "content": {"application/json": {"schema": schema}}}


def _refusals(schemas: Any) -> dict[str, Any]:
    schema = schemas[ErrorAnswer, "serialization"]
    refused = {"description": "Refused", "content": {"application/json": {"schema": schema}}}
    return {"4XX": refused, "503": refused}
