"""The OpenAPI description of the API, and the page and the table that are made of it.

No outside scripts: the usual pages load theirs from elsewhere, this one is plain HTML.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from html import escape
from typing import Any

from fastapi import FastAPI
from fastapi.routing import iter_route_contexts
from pydantic import BaseModel
from pydantic.json_schema import models_json_schema

from han5k_review.web.bodies import Body
from han5k_review.web.described import NEEDED_SCOPE, WHO_MAY

_SCHEMA = "#/components/schemas/"
_SECURITY = {
    "token": {"type": "http", "scheme": "bearer", "description": "A personal token (page Account)"},
    "cookie": {"type": "apiKey", "in": "cookie", "name": "han5k_session"},
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One route, in words."""

    method: str
    path: str
    says: str
    who: str
    scope: str
    body: str
    answer: str
    errors: str


def build_description(api: FastAPI) -> dict[str, Any]:
    """OpenAPI 3.1: every route of `api`, its bodies too, which the framework does not see."""
    described = api.openapi()
    described["servers"] = [{"url": "/api"}]
    described["security"] = [{name: []} for name in _SECURITY]
    components = described.setdefault("components", {})
    components["securitySchemes"] = _SECURITY
    bodies = {(path, method): kind for path, method, kind in _list_bodies(api)}
    kinds: list[tuple[type[BaseModel], Any]] = [(kind, "validation") for kind in bodies.values()]
    _, found = models_json_schema(kinds, ref_template=_SCHEMA + "{model}")
    components.setdefault("schemas", {}).update(found.get("$defs", {}))
    for (path, method), kind in bodies.items():
        described["paths"][path][method]["requestBody"] = {
            "required": True,
            "content": {"application/json": {"schema": {"$ref": _SCHEMA + kind.__name__}}},
        }
    return described


def _list_bodies(api: FastAPI) -> Iterator[tuple[str, str, type[Body]]]:
    """(path, method, type) of every body that `web.bodies.bounded` reads."""
    for route in iter_route_contexts(api.routes):
        dependant = getattr(route, "dependant", None)
        for one in () if dependant is None else dependant.dependencies:
            kind = getattr(one.call, "__annotations__", {}).get("return")
            if isinstance(kind, type) and issubclass(kind, Body):
                yield from ((str(route.path), m.lower(), kind) for m in route.methods or ())


def list_rows(described: Mapping[str, Any]) -> list[Row]:
    """Every route of a description, by path."""
    return [
        _row(method.upper(), f"/api{path}", route)
        for path, methods in sorted(described["paths"].items())
        for method, route in methods.items()
    ]


def _row(method: str, path: str, route: Mapping[str, Any]) -> Row:
    bodies = route.get("requestBody", {}).get("content", {})
    body = _name(bodies.get("application/json", {}).get("schema", {}))
    answers = {code: one for code, one in route["responses"].items() if code < "400"}
    told = next(iter(answers.values()))
    schema = next(iter(told.get("content", {"": {}}).values())).get("schema", {})
    kind = _name(schema) or ("bytes" if schema else "nothing")
    return Row(
        method=method,
        path=path,
        says=route["summary"],
        who=route[WHO_MAY],
        scope=route[NEEDED_SCOPE],
        body=body or ("form" if bodies else ""),
        answer=f"{'/'.join(answers)} {kind}",
        errors=", ".join(code for code in route["responses"] if code >= "400"),
    )


def _name(schema: Mapping[str, Any]) -> str:
    return str(schema.get("$ref", "")).removeprefix(_SCHEMA)


def render_table(described: Mapping[str, Any]) -> str:
    """The table of docs/api.md."""
    lines = [
        "| route | what | who may | token scope | body | answer |",
        "|---|---|---|---|---|---|",
    ]
    lines += [
        f"| `{row.method} {row.path}` | {row.says} | {row.who} | {row.scope} "
        f"| {row.body or '-'} | {row.answer} |"
        for row in list_rows(described)
    ]
    return "\n".join(lines) + "\n"


def render_page(described: Mapping[str, Any]) -> str:
    """The inner HTML of the page: routes first, then every type they speak of."""
    parts = []
    for row in list_rows(described):
        facts = {
            "Who may": row.who,
            "Token scope": row.scope,
            "Body": _link(row.body) if row.body else "none",
            "Answer": " ".join(map(_link, row.answer.split(" ", 1))),
            "Refusals": f"{row.errors}: {_link('Problem')}",
        }
        parts.append(
            f"<h3><code>{row.method} {escape(row.path)}</code></h3><p>{escape(row.says)}</p>"
            f"<dl>{_definitions(facts)}</dl>"
        )
    parts.append("<h2>Types</h2>")
    for name, schema in sorted(described["components"]["schemas"].items()):
        facts = {
            field: escape(_type_of(one)) for field, one in schema.get("properties", {}).items()
        }
        words = escape(schema.get("description", ""))
        parts.append(f'<h3 id="{escape(name)}">{escape(name)}</h3><p>{words}</p>')
        parts.append(f"<dl>{_definitions(facts)}</dl>" if facts else "")
    return "\n".join(parts)


def _definitions(facts: Mapping[str, str]) -> str:
    return "".join(f"<dt>{escape(name)}</dt><dd>{words}</dd>" for name, words in facts.items())


def _link(name: str) -> str:
    known = name[:1].isupper()
    return f'<a href="#{escape(name)}">{escape(name)}</a>' if known else escape(name)


def _type_of(schema: Mapping[str, Any]) -> str:
    """A type in words: `list of whole numbers`, `text or null`, the name of another type."""
    if "anyOf" in schema:
        return " or ".join(map(_type_of, schema["anyOf"]))
    if "$ref" in schema:
        return _name(schema)
    if "enum" in schema or "const" in schema:
        return " | ".join(map(str, schema.get("enum", [schema.get("const")])))
    kind = schema.get("type", "anything")
    if kind == "array":
        inner = schema.get("items", schema.get("prefixItems", [{}])[0])
        return f"list of {_type_of(inner)}"
    words = {"integer": "whole number", "string": "text", "boolean": "true or false"}
    bounds = [
        f"{word} {schema[key]}"
        for key, word in (
            ("minimum", "from"),
            ("maximum", "to"),
            ("maxLength", "at most"),
            ("maxItems", "at most"),
        )
        if key in schema
    ]
    return " ".join([words.get(kind, str(kind)), *bounds])
