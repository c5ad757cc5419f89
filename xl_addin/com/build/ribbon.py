"""The ribbon as customUI14: one button per declared command; deal, date and scenario before them (08 §8)."""

from collections.abc import Iterable
from itertools import chain
from xml.etree import ElementTree  # writes only

from xl_addin.commands.declare import Command

NAMESPACE = "http://schemas.microsoft.com/office/2009/07/customui"
TAB = "tabClo"
GROUPS = ("Deal", "Run", "Results", "Data", "Tools")
_LARGE = frozenset({"Run"})


def custom_ui(commands: Iterable[Command]) -> bytes:
    """The part customUI14.xml."""
    ElementTree.register_namespace("", NAMESPACE)
    root = _element(None, "customUI", onLoad="CloRibbon_OnLoad")
    tab = _element(_element(_element(root, "ribbon"), "tabs"), "tab", id=TAB, label="CLO")
    declared = tuple(commands)
    for group in GROUPS:
        members = [command for command in declared if command.group == group]
        shown = _element(tab, "group", id=f"grpClo{group}", label=group)
        if group == "Deal":
            _selectors(shown)
        for command in members:
            _button(shown, command, "large" if group in _LARGE else "normal")
        if not len(shown):
            tab.remove(shown)
    ElementTree.indent(root)
    text: bytes = ElementTree.tostring(root, encoding="utf-8", xml_declaration=True)
    return text + b"\n"


def callbacks(part: bytes) -> set[str]:
    """Names of the procedures that a ribbon calls."""
    root = ElementTree.fromstring(part)  # noqa: S314 (our own part)
    attributes = chain.from_iterable(element.items() for element in root.iter())
    return {value for _, value in attributes if value.startswith("CloRibbon_")}


def _selectors(group: ElementTree.Element) -> None:
    """What every command works on; the ids are the names of the cells that hold the choice."""
    _choice(group, "clo_deal", "Deal", "Deal that the commands work on. It is written into the cell clo_deal.")
    _element(
        group,
        "editBox",
        id="clo_asof",
        label="As of",
        sizeString="0000-00-00",
        supertip="Date of the snapshot as YYYY-MM-DD, empty for the newest. It is written into the cell clo_asof.",
        onChange="CloRibbon_OnChange",
        getEnabled="CloRibbon_GetEnabled",
    )
    _choice(group, "clo_scenario", "Scenario", "Scenario of the runs, BASE by default; cell clo_scenario.")


def _choice(group: ElementTree.Element, control: str, label: str, supertip: str) -> None:
    _element(
        group,
        "comboBox",
        id=control,
        label=label,
        sizeString="XXXXXXXXXXXXXX",
        supertip=supertip,
        onChange="CloRibbon_OnChange",
        getItemCount="CloRibbon_GetItemCount",
        getItemID="CloRibbon_GetItemID",
        getItemLabel="CloRibbon_GetItemLabel",
        getEnabled="CloRibbon_GetEnabled",
    )


def _button(group: ElementTree.Element, command: Command, size: str) -> None:
    _element(
        group,
        "button",
        id=command.id,
        label=command.label,
        imageMso=command.icon,
        size=size,
        supertip=command.supertip,
        onAction="CloRibbon_OnAction",
        getEnabled="CloRibbon_GetEnabled",
    )


def _element(parent: ElementTree.Element | None, tag: str, **attributes: str) -> ElementTree.Element:
    name = f"{{{NAMESPACE}}}{tag}"
    if parent is None:
        return ElementTree.Element(name, attributes)
    return ElementTree.SubElement(parent, name, attributes)
