"""The external links of a workbook package: which of them lead to the add-in, taking them out, putting one in."""

import posixpath
import re
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from html import escape, unescape

from engine.errors import WorkbookError
from xl_addin.links.spelling import ADD_IN_FILE, is_add_in

WORKBOOK, WORKBOOK_RELATIONS, TYPES = "xl/workbook.xml", "xl/_rels/workbook.xml.rels", "[Content_Types].xml"
_RELATIONS = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_LINK_TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml.externalLink+xml"
_REFERENCES = re.compile(r"<externalReferences>(.*?)</externalReferences>", re.DOTALL)
_REFERENCE = re.compile(r"<externalReference\b[^>]*?\b\w+:id=\"([^\"]+)\"[^>]*?/>")
_RELATION = re.compile(r"<Relationship\b[^>]*?/>")
_BEFORE_REFERENCES = re.compile(r"</sheets>(?:\s*<functionGroups\b.*?(?:/>|</functionGroups>))?", re.DOTALL)

Parts = dict[str, bytes]


@dataclass(frozen=True, slots=True)
class Link:
    """An external link: its number in formulas, the relation that names it, its part, the file it leads to."""

    number: int
    relation: str
    part: str
    target: str

    @property
    def is_ours(self) -> bool:
        return is_add_in(self.target)


def links(parts: Parts) -> tuple[Link, ...]:
    """The external links of a workbook in the order of their numbers."""
    listed = _REFERENCES.search(_text(parts, WORKBOOK))
    targets = _targets(parts, WORKBOOK_RELATIONS)
    found = []
    for number, relation in enumerate(_REFERENCE.findall(listed[1]) if listed else (), start=1):
        part = _part_name(targets.get(relation, ""))
        own = _targets(parts, relations_of(part))
        found.append(Link(number, relation, part, next(iter(own.values()), "")))
    return tuple(found)


def relations_of(part: str) -> str:
    """The part that holds the relations of another one."""
    folder, name = posixpath.split(part)
    return f"{folder}/_rels/{name}.rels"


def without_links(parts: Parts, gone: Collection[Link]) -> None:
    """Take links out, with everything that names them; formulas are renumbered by the caller."""
    workbook, relations, types = (_text(parts, name) for name in (WORKBOOK, WORKBOOK_RELATIONS, TYPES))
    for link in gone:
        workbook = _REFERENCE.sub(lambda one, link=link: "" if one[1] == link.relation else one[0], workbook)  # type: ignore[misc]  # a lambda with a default
        relations = _without(relations, f'Id="{link.relation}"')
        types = re.sub(rf'<Override\b[^>]*PartName="/{re.escape(link.part)}"[^>]*/>', "", types)
        parts.pop(link.part, None)
        parts.pop(relations_of(link.part), None)
    workbook = re.sub(r"<externalReferences>\s*</externalReferences>", "", workbook)
    _put(parts, {WORKBOOK: workbook, WORKBOOK_RELATIONS: relations, TYPES: types})


def with_link(parts: Parts, names: Iterable[str]) -> None:
    """Put a link to the add-in behind the others; names: the functions that are called through it.

    It names the file alone: Excel finds an add-in that is open by its name.
    """
    taken = {name.lower() for name in parts}
    number = next(n for n in range(1, 10_000) if f"xl/externallinks/externallink{n}.xml" not in taken)
    part, relation = f"xl/externalLinks/externalLink{number}.xml", "rIdCloAddIn"
    defined = "".join(f'<definedName name="{escape(name)}"/>' for name in sorted(names))
    parts[part] = (
        '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'
        '<externalLink xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main">'
        f'<externalBook xmlns:r="{_RELATIONS}" r:id="rId1"><definedNames>{defined}</definedNames></externalBook>'
        "</externalLink>"
    ).encode()
    parts[relations_of(part)] = (
        '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'
        '<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">'
        f'<Relationship Id="rId1" Type="{_RELATIONS}/externalLinkPath" Target="{ADD_IN_FILE}" TargetMode="External"/>'
        "</Relationships>"
    ).encode()
    _register(parts, part, relation)


def _register(parts: Parts, part: str, relation: str) -> None:
    workbook, relations, types = (_text(parts, name) for name in (WORKBOOK, WORKBOOK_RELATIONS, TYPES))
    reference = f'<externalReference xmlns:r="{_RELATIONS}" r:id="{relation}"/>'
    if "</externalReferences>" in workbook:
        workbook = workbook.replace("</externalReferences>", reference + "</externalReferences>", 1)
    else:
        place = _BEFORE_REFERENCES.search(workbook)
        if place is None:
            raise WorkbookError(
                "CLO-2270", "The workbook has no list of sheets", where=WORKBOOK, remedy="Save it once in Excel."
            )
        listed = f"<externalReferences>{reference}</externalReferences>"
        workbook = workbook[: place.end()] + listed + workbook[place.end() :]
    target = part.removeprefix("xl/")
    relations = relations.replace(
        "</Relationships>",
        f'<Relationship Id="{relation}" Type="{_RELATIONS}/externalLink" Target="{target}"/></Relationships>',
    )
    types = types.replace("</Types>", f'<Override PartName="/{part}" ContentType="{_LINK_TYPE}"/></Types>')
    _put(parts, {WORKBOOK: workbook, WORKBOOK_RELATIONS: relations, TYPES: types})


def _put(parts: Parts, texts: dict[str, str]) -> None:
    for name, text in texts.items():
        encoded = text.encode()
        if parts.get(name) != encoded:
            parts[name] = encoded


def _without(relations: str, attribute: str) -> str:
    return _RELATION.sub(lambda one: "" if attribute in one[0] else one[0], relations)


def _targets(parts: Parts, name: str) -> dict[str, str]:
    """Target by id of the relations in a part."""
    found = {}
    for relation in _RELATION.findall(_text(parts, name)):
        attributes = dict(re.findall(r'(\w+)="([^"]*)"', relation))
        found[attributes.get("Id", "")] = unescape(attributes.get("Target", ""))
    return found


def _part_name(target: str) -> str:
    return target.removeprefix("/") if target.startswith("/") else posixpath.normpath(posixpath.join("xl", target))


def _text(parts: Parts, name: str) -> str:
    return parts.get(name, b"").decode()
