"""A package as it lies in its sfdx source directories."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from xml.etree import ElementTree

from sandbox.apex import package, syntax
from sandbox.apex.errors import DoesNotCompile, NotModelled
from sandbox.apex.syntax import Source
from sandbox.salesforce import schema
from sandbox.salesforce.schema import Field

_DEFAULT_BATCH = 2000


class Element:
    """A metadata element; its namespace is of no interest."""

    def __init__(self, element: ElementTree.Element) -> None:
        self._element = element

    def all(self, name: str) -> Iterator[Element]:
        return (Element(each) for each in self._element if each.tag.rpartition("}")[2] == name)

    def text(self, name: str, default: str = "") -> str:
        return next((each._element.text or "" for each in self.all(name)), default).strip()

    def true(self, name: str) -> bool:
        return self.text(name).lower() == "true"


@dataclass
class PermissionSet:
    name: str
    label: str = ""
    principals: set[str] = field(default_factory=set)
    objects: dict[str, set[str]] = field(default_factory=dict)
    fields: dict[str, set[str]] = field(default_factory=dict)
    classes: set[str] = field(default_factory=set)
    custom_permissions: set[str] = field(default_factory=set)


@dataclass(frozen=True)
class Parameter:
    name: str
    kind: str
    value: str
    external_credential: str = ""


@dataclass
class Subscriber:
    """PlatformEventSubscriberConfig: as whom a trigger runs, and how many events it gets at once."""

    user: str = ""
    batch_size: int = _DEFAULT_BATCH


@dataclass
class ObjectSource:
    """A custom object or event, or new fields of a standard object."""

    name: str
    fields: list[Field] = field(default_factory=list)
    label: str = ""
    publish_immediately: bool = False


@dataclass
class Metadata:
    sources: list[tuple[Source, float]] = field(default_factory=list)
    objects: dict[str, ObjectSource] = field(default_factory=dict)
    """Custom objects and events by lower-case name."""
    extensions: dict[str, ObjectSource] = field(default_factory=dict)
    """Standard objects that get fields."""
    guarded_fields: set[str] = field(default_factory=set)
    """Fields of the package that nobody sees without a permission set."""
    permission_sets: dict[str, PermissionSet] = field(default_factory=dict)
    named_credentials: dict[str, list[Parameter]] = field(default_factory=dict)
    external_credentials: dict[str, list[Parameter]] = field(default_factory=dict)
    subscribers: dict[str, Subscriber] = field(default_factory=dict)
    labels: dict[str, str] = field(default_factory=dict)
    remote_sites: list[str] = field(default_factory=list)
    replacements: dict[Path, list[tuple[str, str]]] = field(default_factory=dict)


def load(directories: Sequence[Path], environment: Mapping[str, str] | None = None) -> Metadata:
    """Everything in the directories that matters to Apex; user interface and settings are passed over.

    `environment` is what a deploy would replace the project's placeholders with.
    """
    found = Metadata(replacements=package.replacements(directories, environment or {}))
    for directory in directories:
        if not directory.is_dir():
            raise DoesNotCompile(f"{directory}: there is no such package directory")
        for path in sorted(directory.rglob("*")):
            for ending, read in _READERS.items():
                if path.name.endswith(ending):
                    read(found, path)
    return found


def _root(found: Metadata, path: Path) -> Element:
    text = path.read_text()
    for old, new in found.replacements.get(path.resolve(), ()):
        text = text.replace(old, new)
    try:
        return Element(ElementTree.fromstring(text))  # noqa: S314 - the project's own files
    except ElementTree.ParseError as error:
        raise DoesNotCompile(f"{path}: {error}") from None


def _code(found: Metadata, path: Path) -> None:
    meta = path.with_name(f"{path.name}-meta.xml")
    if not meta.exists():
        raise DoesNotCompile(f"{path}: {meta.name} is missing")
    found.sources.append((syntax.read(path), float(_root(found, meta).text("apiVersion", "67.0"))))


def _object(found: Metadata, path: Path) -> None:
    name, root = path.name.partition(".")[0], _root(found, path)
    if name.endswith("__mdt") or root.text("customSettingsType"):
        raise NotModelled(f"{path}: custom metadata types and custom settings")
    source = _object_source(found, name)
    source.label = root.text("label")
    source.publish_immediately = root.text("publishBehavior") == "PublishImmediately"


def _object_source(found: Metadata, name: str) -> ObjectSource:
    custom = name.endswith(("__c", "__e"))
    return (found.objects if custom else found.extensions).setdefault(name.lower(), ObjectSource(name))


def _field(found: Metadata, path: Path) -> None:
    root, name = _root(found, path), path.parent.parent.name
    built = _built(path, root)
    _object_source(found, name).fields.append(built)
    if not built.required and not name.endswith("__e"):
        found.guarded_fields.add(f"{name}.{built.name}")


def _built(path: Path, root: Element) -> Field:  # noqa: PLR0911
    name, kind, length = root.text("fullName"), root.text("type"), int(root.text("length", "0") or 0)
    more: dict[str, object] = {
        "label": root.text("label"),
        "required": root.true("required"),
        "unique": root.true("unique"),
        "external_id": root.true("externalId"),
    }
    match kind:
        case "Text" | "Phone" | "Url":
            return schema.text(name, length or 255, **more)
        case "TextArea" | "LongTextArea" | "Html":
            return schema.area(name, length or 255, **more)
        case "Email":
            return schema.email(name, **more)
        case "Checkbox":
            return schema.boolean(name, **{**more, "default": root.text("defaultValue").lower() == "true"})
        case "DateTime":
            return schema.moment(name, **more)
        case "Date":
            return Field(name, "date", root.text("label"), required=root.true("required"))
        case "Number" | "Currency" | "Percent":
            return Field(name, "double", root.text("label"), required=root.true("required"))
        case "Picklist":
            return schema.picklist(name, **more)
        case "Lookup" | "MasterDetail":
            field_ = schema.reference(name, root.text("referenceTo"), **more)
            return Field(**{**field_.__dict__, "relationship": f"{name.removesuffix('__c')}__r"})
    raise NotModelled(f"{path}: fields of the type {kind}")


def _permission_set(found: Metadata, path: Path) -> None:
    root, name = _root(found, path), path.name.partition(".")[0]
    built = PermissionSet(name, root.text("label"))
    for each in root.all("externalCredentialPrincipalAccesses"):
        if each.true("enabled"):
            built.principals.add(each.text("externalCredentialPrincipal"))
    for each in root.all("objectPermissions"):
        allowed = {what for what in ("create", "read", "edit", "delete") if each.true(f"allow{what.capitalize()}")}
        built.objects[each.text("object")] = allowed
    for each in root.all("fieldPermissions"):
        built.fields[each.text("field")] = {how for how in ("readable", "editable") if each.true(how)}
    for each in root.all("classAccesses"):
        if each.true("enabled"):
            built.classes.add(each.text("apexClass"))
    for each in root.all("customPermissions"):
        if each.true("enabled"):
            built.custom_permissions.add(each.text("name"))
    found.permission_sets[name] = built


def _parameters(root: Element, tag: str) -> list[Parameter]:
    return [
        Parameter(
            each.text("parameterName"),
            each.text("parameterType"),
            each.text("parameterValue"),
            each.text("externalCredential"),
        )
        for each in root.all(tag)
    ]


def _named_credential(found: Metadata, path: Path) -> None:
    found.named_credentials[path.name.partition(".")[0]] = _parameters(_root(found, path), "namedCredentialParameters")


def _external_credential(found: Metadata, path: Path) -> None:
    name = path.name.partition(".")[0]
    found.external_credentials[name] = _parameters(_root(found, path), "externalCredentialParameters")


def _subscriber(found: Metadata, path: Path) -> None:
    root = _root(found, path)
    found.subscribers[root.text("platformEventConsumer").lower()] = Subscriber(
        root.text("user"), int(root.text("batchSize") or _DEFAULT_BATCH)
    )


def _labels(found: Metadata, path: Path) -> None:
    for each in _root(found, path).all("labels"):
        found.labels[each.text("fullName").lower()] = each.text("value")


def _remote_site(found: Metadata, path: Path) -> None:
    root = _root(found, path)
    if root.true("isActive"):
        found.remote_sites.append(root.text("url"))


_READERS = {
    ".cls": _code,
    ".trigger": _code,
    ".object-meta.xml": _object,
    ".field-meta.xml": _field,
    ".permissionset-meta.xml": _permission_set,
    ".namedCredential-meta.xml": _named_credential,
    ".externalCredential-meta.xml": _external_credential,
    ".platformEventSubscriberConfig-meta.xml": _subscriber,
    ".labels-meta.xml": _labels,
    ".remoteSite-meta.xml": _remote_site,
}
