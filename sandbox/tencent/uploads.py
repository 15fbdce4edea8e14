"""Files that clients send: in the real service they go to object storage, here they stay in memory."""

import base64
import binascii
import uuid
from collections import OrderedDict
from dataclasses import dataclass
from urllib.parse import quote

from sandbox.tencent.errors import Refusal

LARGEST = 28 * 1024 * 1024
_MOST = 256 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Upload:
    name: str
    type: str
    content: bytes


class Uploads:
    """The newest files; the oldest go when all together are too large. base_url is where they can be fetched."""

    def __init__(self) -> None:
        self.base_url = ""
        self._files: OrderedDict[str, Upload] = OrderedDict()

    def keep(self, name: str, kind: str, data: str) -> dict[str, object]:
        try:
            content = base64.b64decode(data, validate=True)
        except (binascii.Error, ValueError):
            raise Refusal(10004, "invalid parameter: data must be base64") from None
        if not 0 < len(content) <= LARGEST:
            raise Refusal(10004, f"invalid parameter: a file has 1 to {LARGEST} bytes")
        key = uuid.uuid4().hex
        self._files[key] = Upload(name[-200:] or "file", kind, content)
        while sum(len(file.content) for file in self._files.values()) > _MOST:
            self._files.popitem(last=False)
        return {"url": f"{self.base_url}/{key}/{quote(name[-200:], safe='')}", "uuid": key, "size": len(content)}

    def get(self, key: str) -> Upload | None:
        return self._files.get(key)
