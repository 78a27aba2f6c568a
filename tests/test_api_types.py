"""The web's types of the API are those of the server."""

from tests.api_types import FILE, current, typescript


def test_the_types_are_current() -> None:
    assert FILE.read_text(encoding="utf-8") == current(), "run `make api-types`"


def test_types_of_a_description() -> None:
    fields = {
        "id": {"type": "string"},
        "age": {"anyOf": [{"type": "integer"}, {"type": "null"}]},
        "kinds": {"type": "array", "items": {"enum": ["a", "b"]}},
    }
    operation = {
        "summary": "Change it",
        "parameters": [{"name": "id", "in": "path", "required": True, "schema": {"type": "string"}}],
        "requestBody": {"content": {"application/json": {"schema": {"$ref": "#/components/schemas/Thing"}}}},
        "responses": {"204": {"description": "Done"}, "4XX": {}},
    }
    made = typescript(
        {
            "components": {
                "schemas": {"Thing": {"type": "object", "required": ["id"], "properties": fields}}
            },
            "paths": {"/things/{id}": {"put": operation}},
        }
    )
    assert "  readonly id: string;\n  readonly age?: number | null;\n" in made
    assert '  readonly kinds?: readonly ("a" | "b")[];\n' in made
    assert (
        '  /** Change it. */\n  readonly "PUT /things/{id}": {\n'
        "    readonly path: {\n      readonly id: string;\n    };\n"
        "    readonly query: null;\n    readonly body: Thing;\n    readonly answer: null;\n  };\n"
    ) in made
