"""The add-in only manifest, XML: what installs the add-in in every Excel that runs it (spec 08 §9.1).

Shared runtime: functions, task pane and ribbon buttons live in one page, so that a sign-in and a cache are one.
"""

from collections.abc import Iterator
from xml.sax.saxutils import escape, quoteattr

from xl_addin.officejs.identity import (
    DESCRIPTION,
    PANE,
    PANE_LABEL,
    PANE_TIP,
    TAB,
    TAB_LABEL,
    VENDOR,
    Environment,
    grouped_commands,
    identity,
    release,
    shortened,
)

_HEAD = (
    '<?xml version="1.0" encoding="UTF-8"?>\n'
    '<OfficeApp xmlns="http://schemas.microsoft.com/office/appforoffice/1.1"'
    ' xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"'
    ' xmlns:bt="http://schemas.microsoft.com/office/officeappbasictypes/1.0"'
    ' xmlns:ov="http://schemas.microsoft.com/office/taskpaneappversionoverrides"'
    ' xsi:type="TaskPaneApp">\n'
)
_ICON_SIZES = (16, 32, 80)


def manifest_xml(base_url: str, environment: Environment) -> bytes:
    """The manifest of the add-in that the server at `base_url` serves; the same bytes for the same commands."""
    who = identity(environment)
    resources = _Resources(base_url)
    overrides = _overrides(resources, who.namespace)
    version = ".".join(map(str, (*release(), 0)))
    body = "".join(
        (
            f"<Id>{who.id}</Id><Version>{version}</Version><ProviderName>{VENDOR}</ProviderName>",
            f"<DefaultLocale>en-US</DefaultLocale><DisplayName DefaultValue={quoteattr(who.name)}/>",
            f"<Description DefaultValue={quoteattr(DESCRIPTION)}/>",
            f"<IconUrl DefaultValue={quoteattr(base_url + '/excel/icons/clodesk-32.png')}/>",
            f"<HighResolutionIconUrl DefaultValue={quoteattr(base_url + '/excel/icons/clodesk-64.png')}/>",
            f"<SupportUrl DefaultValue={quoteattr(base_url + '/')}/>",
            f"<AppDomains><AppDomain>{escape(base_url)}</AppDomain></AppDomains>",
            '<Hosts><Host Name="Workbook"/></Hosts>',
            '<Requirements><Sets DefaultMinVersion="1.1"><Set Name="SharedRuntime" MinVersion="1.1"/></Sets>',
            "</Requirements>",
            f"<DefaultSettings><SourceLocation DefaultValue={quoteattr(base_url + '/excel/taskpane.html')}/>",
            "</DefaultSettings><Permissions>ReadWriteDocument</Permissions>",
            '<VersionOverrides xmlns="http://schemas.microsoft.com/office/taskpaneappversionoverrides"',
            ' xsi:type="VersionOverridesV1_0"><Hosts><Host xsi:type="Workbook">',
            '<Runtimes><Runtime resid="Pane.Url" lifetime="long"/></Runtimes>',
            f"<AllFormFactors>{_functions(who.namespace)}</AllFormFactors>",
            f"<DesktopFormFactor>{overrides}</DesktopFormFactor>",
            f"</Host></Hosts>{resources.xml()}</VersionOverrides>",
        )
    )
    return (_HEAD + body.replace("><", ">\n<") + "\n</OfficeApp>\n").encode()


class _Resources:
    """Texts and addresses that the manifest refers to by short ids, each said once."""

    def __init__(self, base_url: str) -> None:
        self.base_url = base_url
        self._images: dict[str, str] = {}
        self._urls = {
            "Pane.Url": f"{base_url}/excel/taskpane.html",
            "Script.Url": f"{base_url}/excel/functions.js",
            "Metadata.Url": f"{base_url}/excel/functions.json",
            "Help.Url": f"{base_url}/",
        }
        self._short: dict[str, str] = {}
        self._long: dict[str, str] = {}

    def icon(self, glyph: str) -> str:
        for size in _ICON_SIZES:
            self._images[f"I.{glyph}.{size}"] = f"{self.base_url}/excel/icons/{glyph}-{size}.png"
        images = "".join(f'<bt:Image size="{size}" resid="I.{glyph}.{size}"/>' for size in _ICON_SIZES)
        return f"<Icon>{images}</Icon>"

    def short(self, name: str, text: str) -> str:
        self._short[name] = shortened(text, 125)
        return name

    def long(self, name: str, text: str) -> str:
        self._long[name] = shortened(text, 250)
        return name

    def xml(self) -> str:
        return (
            f"<Resources><bt:Images>{_entries('Image', self._images)}</bt:Images>"
            f"<bt:Urls>{_entries('Url', self._urls)}</bt:Urls>"
            f"<bt:ShortStrings>{_entries('String', self._short)}</bt:ShortStrings>"
            f"<bt:LongStrings>{_entries('String', self._long)}</bt:LongStrings></Resources>"
        )


def _entries(kind: str, values: dict[str, str]) -> str:
    return "".join(f"<bt:{kind} id={quoteattr(key)} DefaultValue={quoteattr(value)}/>" for key, value in values.items())


def _functions(namespace: str | None) -> str:
    named = "" if namespace is None else '<Namespace resid="Namespace"/>'
    return (
        '<ExtensionPoint xsi:type="CustomFunctions"><Script><SourceLocation resid="Script.Url"/></Script>'
        '<Page><SourceLocation resid="Pane.Url"/></Page>'
        f'<Metadata><SourceLocation resid="Metadata.Url"/></Metadata>{named}</ExtensionPoint>'
    )


def _overrides(resources: _Resources, namespace: str | None) -> str:
    if namespace is not None:
        resources.short("Namespace", namespace)
    resources.short("Start.Title", "clodesk is ready")
    resources.long("Start.Text", "Choose a deal in the task pane of the CLO tab, or begin a formula with =CLO_.")
    tab = resources.short("Tab", TAB_LABEL)
    return (
        '<GetStarted><Title resid="Start.Title"/><Description resid="Start.Text"/>'
        '<LearnMoreUrl resid="Help.Url"/></GetStarted><FunctionFile resid="Pane.Url"/>'
        f'<ExtensionPoint xsi:type="PrimaryCommandSurface"><CustomTab id="{TAB}">'
        + "".join(_groups(resources))
        + f'<Label resid="{tab}"/></CustomTab></ExtensionPoint>'
    )


def _groups(resources: _Resources) -> Iterator[str]:
    """The pane's button in a group of its own, then one group for each group of commands."""
    label, icon = resources.short("G.Pane", VENDOR), resources.icon("clodesk")
    show = '<Action xsi:type="ShowTaskpane"><TaskpaneId>clodesk</TaskpaneId><SourceLocation resid="Pane.Url"/></Action>'
    button = _button(resources, PANE, PANE_LABEL, PANE_TIP, "clodesk", show)
    yield f'<Group id="{TAB}.Pane"><Label resid="{label}"/>{icon}{button}</Group>'
    for group, commands in grouped_commands().items():
        glyph = group.lower()
        label, icon = resources.short(f"G.{group}", group), resources.icon(glyph)
        buttons = "".join(
            _button(
                resources,
                command.id,
                command.label,
                command.supertip,
                glyph,
                f'<Action xsi:type="ExecuteFunction"><FunctionName>{escape(command.id)}</FunctionName></Action>',
            )
            for command in commands
        )
        yield f'<Group id="{TAB}.{group}"><Label resid="{label}"/>{icon}{buttons}</Group>'


def _button(resources: _Resources, name: str, label: str, tip: str, glyph: str, action: str) -> str:
    said, told = resources.short(f"L.{name}", label), resources.long(f"T.{name}", tip)
    icon = resources.icon(glyph)
    return (
        f'<Control xsi:type="Button" id="{name}"><Label resid="{said}"/>'
        f'<Supertip><Title resid="{said}"/><Description resid="{told}"/></Supertip>{icon}{action}</Control>'
    )
