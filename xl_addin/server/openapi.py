"""The OpenAPI document: the routes of the server, and every function of the catalogue as an operation of its own."""

from typing import Any

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi

from xl_addin.registry.catalogue import catalogue
from xl_addin.registry.declare import Function, Parameter

_ANSWER = {
    "description": "The result, or the error that a cell would show.",
    "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Answer"}}},
}
_SCHEMAS = {
    "Cell": {
        "description": "null: omitted; a number, text or logical value; {d: serial} a date; a list of rows.",
        "anyOf": [
            {"type": ["number", "string", "boolean", "null"]},
            {"type": "object", "properties": {"d": {"type": "number"}, "f": {"type": "string"}}, "required": ["d"]},
            {"type": "array", "items": {}},
        ],
    },
    "Answer": {
        "anyOf": [
            {"type": "object", "properties": {"v": {"$ref": "#/components/schemas/Cell"}}, "required": ["v"]},
            {
                "type": "object",
                "properties": {"e": {"type": "string"}, "m": {"type": "string"}},
                "required": ["e", "m"],
            },
        ]
    },
}


def describe_api(app: FastAPI) -> None:
    """Give an application its document, which is made at the first look."""

    def document() -> dict[str, Any]:
        if app.openapi_schema is None:
            app.openapi_schema = _document(app)
        return app.openapi_schema

    app.openapi = document  # type: ignore[method-assign]  # the way that FastAPI documents


def _document(app: FastAPI) -> dict[str, Any]:
    made = get_openapi(title=app.title, version=app.version, summary=app.summary, routes=app.routes)
    components = made.setdefault("components", {})
    components.setdefault("schemas", {}).update(_SCHEMAS)
    components["securitySchemes"] = {"bearer": {"type": "http", "scheme": "bearer"}}
    made["security"] = [{"bearer": []}]
    for function in catalogue():
        made["paths"][f"/api/v1/udf/{function.name}"] = {"post": _operation(function)}
    return made


def _operation(function: Function) -> dict[str, Any]:
    named = {
        "type": "object",
        "properties": {parameter.name: _schema(parameter) for parameter in function.parameters},
        "required": [parameter.name for parameter in function.parameters if not parameter.is_optional],
        "additionalProperties": False,
    }
    in_order = {
        "type": "object",
        "properties": {"a": {"type": "array", "items": {"$ref": "#/components/schemas/Cell"}}},
        "required": ["a"],
        "additionalProperties": False,
    }
    return {
        "operationId": function.name,
        "tags": [function.category],
        "summary": function.summary,
        "description": function.help,
        "deprecated": function.is_deprecated,
        "requestBody": {"content": {"application/json": {"schema": {"anyOf": [named, in_order]}}}},
        "responses": {"200": _ANSWER},
    }


def _schema(parameter: Parameter) -> dict[str, Any]:
    schema: dict[str, Any] = {"$ref": "#/components/schemas/Cell", "description": parameter.description}
    if parameter.kind.choices:
        schema = {"type": "string", "enum": list(parameter.kind.choices), "description": parameter.description}
    return {"type": "array", "items": schema} if parameter.is_rest else schema
