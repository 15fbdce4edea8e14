"""What UserIDs, GroupIds and texts may look like: https://www.tencentcloud.com/document/product/1047/34381."""

import re

from sandbox.tencent.errors import Refusal

_TEXT_LIMITS = {"Name": 30, "Introduction": 240, "Notification": 300, "FaceUrl": 100, "NameCard": 50}


def is_user_id(text: str) -> bool:
    return 0 < len(text) <= 32 and _is_printable(text)


def is_group_id(text: str) -> bool:
    return 0 < len(text) <= 48 and _is_printable(text)


def is_group_id_of_ones_own(text: str, group_type: str) -> bool:
    """Only a Community's id starts like a generated one, and it must."""
    prefix_fits = text.startswith("@TGS#_") if group_type == "Community" else not text.startswith("@TGS#")
    return is_group_id(text) and prefix_fits


def check_lengths(body: dict[str, object]) -> None:
    """Limits count UTF-8 bytes: a Chinese character takes three."""
    for name, limit in _TEXT_LIMITS.items():
        size = len(str(body.get(name, "")).encode())
        if size > limit:
            raise Refusal(10004, f"invalid parameter: {name} has {size} bytes, at most {limit} are allowed")


def check_custom_fields(fields: dict[str, str]) -> None:
    """Ten per group; that each must first be declared in the console is not imitated."""
    for key, value in fields.items():
        if not re.fullmatch(r"[A-Za-z0-9_]{1,16}", key) or len(value.encode()) > 512:
            raise Refusal(10004, f"invalid parameter: AppDefinedData {key}")
    if sum(value != "" for value in fields.values()) > 10:
        raise Refusal(10004, "invalid parameter: more than 10 AppDefinedData")


def _is_printable(text: str) -> bool:
    return text.isascii() and text.isprintable()
