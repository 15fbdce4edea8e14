"""Tencent Chat."""

from relay.im.client import TencentIm
from relay.im.rest import REGIONS, TIMEOUT
from relay.im.usersig import UserSigs

__all__ = ["REGIONS", "TIMEOUT", "TencentIm", "UserSigs"]
