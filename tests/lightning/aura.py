"""What can be said about an Aura bundle without an org: is the markup well-formed, known and wired?"""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET
from collections.abc import Iterator
from pathlib import Path

NAMESPACES = ("aura", "lightning", "c")
COMMON = {"aura:id", "class"}
STANDARD: dict[str, set[str]] = {
    "lightning:utilityBarAPI": set(),
    "lightning:workspaceAPI": set(),
    "lightning:navigation": set(),
    "lightning:container": {"alternativeText", "src", "onmessage", "onerror"},
    "aura:component": {"implements", "access", "controller", "description"},
    "aura:attribute": {"name", "type", "default", "access", "description", "required"},
    "aura:handler": {"name", "value", "action", "event"},
    "div": set(),
}
"""Components and their attributes, from the component library; a new one is looked up there and added here."""


def problems(bundle: Path, resources: set[str], apex: Path) -> list[str]:
    """Everything that would keep the bundle from being saved, or a part of it from working."""
    markup = (bundle / f"{bundle.name}.cmp").read_text()
    try:
        root = _parse(markup)
    except ET.ParseError as error:
        return [f"not well-formed: {error}"]
    found = [*_unknown(root), *_unwired(root, markup, bundle)]
    found += [f"no static resource {name}" for name in _names(r"\$Resource\.(\w+)", markup) if name not in resources]
    controller = root.get("controller", "")
    server = apex / "classes" / f"{controller}.cls"
    if not server.is_file():
        return [*found, f"no Apex class {controller}"]
    methods = set(_names(r"@AuraEnabled\s+public static [\w<>, ]+ (\w+)\(", server.read_text()))
    return found + [f"{controller} has no @AuraEnabled {name}" for name in _asked(bundle) if name not in methods]


def _parse(markup: str) -> ET.Element:
    """Aura declares no namespaces; a parser wants them."""
    declared = " ".join(f'xmlns:{prefix}="{prefix}"' for prefix in NAMESPACES)
    return ET.fromstring(f"<root {declared}>{markup}</root>")[0]


def _plain(name: str) -> str:
    return re.sub(r"\{(\w+)\}", r"\1:", name)


def _unknown(root: ET.Element) -> Iterator[str]:
    for element in root.iter():
        tag = _plain(element.tag)
        if tag not in STANDARD:
            yield f"unknown component <{tag}>"
            continue
        for attribute in map(_plain, element.attrib):
            if attribute not in STANDARD[tag] | COMMON:
                yield f"<{tag}> has no attribute {attribute}"


def _unwired(root: ET.Element, markup: str, bundle: Path) -> Iterator[str]:
    ids = [value for element in root.iter() if (value := element.get("{aura}id"))]
    attributes = {element.get("name") for element in root.iter("{aura}attribute")}
    yield from (f"aura:id {name} is there twice" for name in set(ids) if ids.count(name) > 1)
    yield from (f"bad aura:id {name!r}" for name in ids if not re.fullmatch(r"[A-Za-z_]\w*", name))
    scripts = _script(bundle, "Controller") + _script(bundle, "Helper")
    yield from (f"no aura:id {name}" for name in _names(r"\.find\('([^']+)'\)", scripts) if name not in ids)
    yield from (f"no attribute v.{name}" for name in _names(r"\bv\.(\w+)", markup + scripts) if name not in attributes)
    handlers = _functions(_script(bundle, "Controller"))
    yield from (f"the controller has no {name}" for name in _names(r"\{!c\.(\w+)\}", markup) if name not in handlers)
    helpers = _functions(_script(bundle, "Helper"))
    calls = _names(r"\b(?:helper|this|self)\.(\w+)\(", scripts)
    yield from (f"the helper has no {name}" for name in calls if name not in helpers)


def _asked(bundle: Path) -> set[str]:
    """The Apex methods that the helper calls."""
    return set(_names(r"this\.ask\(component, '(\w+)'", _script(bundle, "Helper")))


def _script(bundle: Path, kind: str) -> str:
    return (bundle / f"{bundle.name}{kind}.js").read_text()


def _functions(script: str) -> set[str]:
    return set(_names(r"^    (\w+): function", script, re.MULTILINE))


def _names(pattern: str, text: str, flags: int = 0) -> list[str]:
    return re.findall(pattern, text, flags)
