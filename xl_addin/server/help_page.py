"""Help pages of functions, made from the catalogue: what Excel and LibreOffice open from the function wizard."""

from collections.abc import Mapping, Sequence
from html import escape
from typing import Any

_STYLE = (
    "body{font:16px/1.5 system-ui,sans-serif;max-width:46rem;margin:2rem auto;padding:0 1rem;color:#1b1f24}"
    "code,pre{font:14px ui-monospace,monospace;background:#f3f4f6;padding:.1rem .3rem;border-radius:3px}"
    "table{border-collapse:collapse;width:100%}td,th{text-align:left;vertical-align:top;padding:.4rem .6rem;"
    "border-bottom:1px solid #d7dbe0}pre{padding:.6rem;overflow:auto}"
)


def help_page(described: Mapping[str, Any]) -> str:
    """The page of a function, from its description in the catalogue."""
    name = escape(described["name"])
    signature = ", ".join(_shown(parameter) for parameter in described["parameters"])
    note = "<p><strong>Deprecated:</strong> kept for old workbooks.</p>" if described["is_deprecated"] else ""
    return _page(
        name,
        f"<h1>{name}</h1><p>{escape(described['summary'])}</p>{note}"
        f"<pre>={name}({escape(signature)})</pre>{_details(described)}{_arguments(described)}{_examples(described)}"
        f"<p>Category {escape(described['category'])}, since version {escape(described['since'])}."
        ' <a href="../help">All functions</a></p>',
    )


def index_page(functions: Sequence[Mapping[str, Any]]) -> str:
    """The list of all functions, by category."""
    parts: list[str] = []
    category = ""
    for described in functions:
        if described["category"] != category:
            category = described["category"]
            parts.append(f"<h2>{escape(category)}</h2>")
        name = escape(described["name"])
        parts.append(f'<p><a href="help/{name}"><code>{name}</code></a> {escape(described["summary"])}</p>')
    return _page("Functions", "<h1>Functions</h1>" + "".join(parts))


def _page(title: str, body: str) -> str:
    return (
        f'<!doctype html><html lang="en"><head><meta charset="utf-8"><title>{title} - clodesk</title>'
        f'<meta name="viewport" content="width=device-width, initial-scale=1"><style>{_STYLE}</style></head>'
        f"<body><main>{body}</main></body></html>"
    )


def _shown(parameter: Mapping[str, Any]) -> str:
    name = parameter["name"] + ("; ..." if parameter["is_rest"] else "")
    return f"[{name}]" if parameter["is_optional"] else name


def _details(described: Mapping[str, Any]) -> str:
    paragraphs = [part.strip() for part in described["help"].split("\n\n") if part.strip()]
    return "".join(f"<p>{escape(part)}</p>" for part in paragraphs if part != described["summary"])


def _arguments(described: Mapping[str, Any]) -> str:
    if not described["parameters"]:
        return ""
    rows = "".join(
        f"<tr><td><code>{escape(parameter['name'])}</code></td><td>{escape(parameter['kind'])}</td>"
        f"<td>{escape(parameter['description'])}{_default(parameter)}</td></tr>"
        for parameter in described["parameters"]
    )
    return f"<h2>Arguments</h2><table><tr><th>Name</th><th>Kind</th><th>Meaning</th></tr>{rows}</table>"


def _default(parameter: Mapping[str, Any]) -> str:
    default = parameter["default"]
    choices = f" One of {', '.join(parameter['choices'])}." if parameter["choices"] else ""
    return escape(choices + ("" if default in (None, "") else f" Default: {default}."))


def _examples(described: Mapping[str, Any]) -> str:
    lines = "".join(
        f"<pre>{escape(example['formula'])}"
        + ("" if example["value"] is None else f"   gives {escape(str(example['value']))}")
        + "</pre>"
        for example in described["examples"]
    )
    return f"<h2>Examples</h2>{lines}"
