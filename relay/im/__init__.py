"""Tencent Chat."""

from relay.im.callbacks import Callbacks
from relay.im.client import TencentIm
from relay.im.media import Media
from relay.im.rest import REGIONS, TIMEOUT
from relay.im.usersig import UserSigs

__all__ = ["REGIONS", "TIMEOUT", "Callbacks", "Media", "TencentIm", "UserSigs"]
