"""Which fields a command's body may have: an unknown one is refused rather than overlooked."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TypeAlias, Union

from sandbox.tencent.errors import Refusal


class Account:
    """A UserID; anything but a string is refused with 60015."""


class Anything:
    """A part the emulator does not look into."""


Kind: TypeAlias = Union[type, Sequence["Kind"], "Shape"]
Kinds: TypeAlias = Mapping[str, Kind]


@dataclass(frozen=True)
class Shape:
    """The fields of a JSON object."""

    required: Kinds = field(default_factory=dict)
    optional: Kinds = field(default_factory=dict)

    def check(self, body: Mapping[str, object], code: int, within: str = "") -> None:
        """Refuse with `code`, naming the field, whatever does not fit."""
        for name in self.required:
            if name not in body:
                raise Refusal(code, f"invalid parameter: {within}{name} is required")
        for name, value in body.items():
            kind = self.required.get(name) or self.optional.get(name)
            if kind is None:
                raise Refusal(code, f"invalid parameter: unknown field {within}{name}")
            _check_value(value, kind, code, within + name)


def _check_value(value: object, kind: Kind, code: int, name: str) -> None:
    if isinstance(kind, Shape):
        if not isinstance(value, dict):
            raise Refusal(code, f"invalid parameter: {name} must be an object")
        kind.check(value, code, f"{name}.")
    elif isinstance(kind, Sequence):
        if not isinstance(value, list):
            raise Refusal(code, f"invalid parameter: {name} must be an array")
        for item in value:
            _check_value(item, kind[0], code, name)
    elif kind is Account:
        if not isinstance(value, str):
            raise Refusal(60015)
    elif kind is not Anything and (not isinstance(value, kind) or isinstance(value, bool)):
        raise Refusal(code, f"invalid parameter: {name} must be {'a string' if kind is str else 'an integer'}")
