"""What Tencent Chat's error codes mean and what helps: https://trtc.io/document/34348 (with the codes that only older
editions have, https://cloud.tencent.com/document/product/269/1671).

The vendor's list says what happened; which class a code belongs to is our judgement. What a code means for one command
only (a group that is missing is no failure when it is to be dismissed) is decided by that command's method.
"""

from __future__ import annotations

import re
from enum import Enum
from typing import NamedTuple

from relay.errors import (
    AccountNotImported,
    GroupConflict,
    GroupFull,
    GroupNotFound,
    ImAuthFailed,
    ImError,
    ImMisconfigured,
    ImNonsense,
    ImOutcomeUnknown,
    ImPlanLimit,
    ImRejected,
    ImUnavailable,
)


class Advice(Enum):
    """What to do about a code."""

    PERMANENT = "the same again is refused again"
    RE_SIGN = "sign anew and try once more"
    RETRY = "try again"
    SLOW_DOWN = "try again, later"
    DONE = "what was asked for is so already"


class Code(NamedTuple):
    """One error code.

    error: what is raised where the method does not know better.
    cure: what the operator can do.
    retry_after: seconds to wait before trying again.
    """

    advice: Advice
    error: type[ImError]
    meaning: str
    cure: str = ""
    retry_after: float | None = None


PERMANENT, RE_SIGN, RETRY, SLOW_DOWN, DONE = Advice

_REGION = "Set TENCENT_REGION, or TENCENT_API_URL, to the data centre of the app."
_PLAN = "Look at the app's plan in Tencent's console."
_ADMIN = "Make TENCENT_ADMIN_ID an App administrator in Tencent's console."
_KEY = "Set TENCENT_SECRET_KEY to the key of TENCENT_SDK_APP_ID."
_APP = "Look at TENCENT_SDK_APP_ID."
_CLOCK = "If it stays so: look at this machine's clock."
_LATER = 1.0

CODES: dict[int, Code] = {
    # The gateway
    60002: Code(PERMANENT, ImError, "the request could not be parsed"),
    60003: Code(PERMANENT, ImError, "the body is not JSON"),
    60004: Code(RETRY, ImNonsense, "the check of the account failed", _KEY),  # ImNonsense ends after some attempts:
    60005: Code(RETRY, ImNonsense, "the check of the account failed", _KEY),  # older editions say "signature wrong"
    60006: Code(PERMANENT, ImMisconfigured, "the SDKAppID is invalid", _APP),
    60007: Code(SLOW_DOWN, ImUnavailable, "too many calls of this command", "", _LATER),
    60008: Code(RETRY, ImOutcomeUnknown, "the service took too long"),
    60009: Code(PERMANENT, ImError, "there is no such command"),
    60010: Code(PERMANENT, ImMisconfigured, "the caller is not an App administrator", _ADMIN),
    60011: Code(SLOW_DOWN, ImUnavailable, "too many calls for this app", "", _LATER),
    60012: Code(PERMANENT, ImMisconfigured, "the SDKAppID is missing", _APP),
    60013: Code(RETRY, ImOutcomeUnknown, "the service gave an answer that its gateway could not read"),
    60014: Code(RETRY, ImUnavailable, "the check of the account took too long"),
    60015: Code(PERMANENT, ImError, "an account is not a string"),
    60016: Code(PERMANENT, ImMisconfigured, "the app is disabled", _PLAN),
    60017: Code(PERMANENT, ImMisconfigured, "the request is disabled", _PLAN),
    60018: Code(SLOW_DOWN, ImUnavailable, "too many calls", "", _LATER),
    60019: Code(SLOW_DOWN, ImUnavailable, "too many calls", "", _LATER),
    60020: Code(PERMANENT, ImMisconfigured, "the plan is missing, over or not paid", _PLAN),
    60021: Code(PERMANENT, ImMisconfigured, "this machine's address is not allowed", "Allow it in Tencent's console."),
    60025: Code(PERMANENT, ImMisconfigured, "a parameter of the URL is wrong", f"{_APP} Look at TENCENT_ADMIN_ID."),
    60026: Code(PERMANENT, ImMisconfigured, "the app belongs to another data centre", _REGION),
    60027: Code(PERMANENT, ImMisconfigured, "the command is not for this kind of app", _PLAN),
    60028: Code(PERMANENT, ImMisconfigured, "the trial plan's calls of a day are used up", _PLAN),
    # Accounts and signatures
    70001: Code(RE_SIGN, ImAuthFailed, "the UserSig has expired", _CLOCK),
    70002: Code(PERMANENT, ImAuthFailed, "the UserSig is empty", _KEY),
    70003: Code(PERMANENT, ImAuthFailed, "the UserSig is unreadable", _KEY),
    70005: Code(PERMANENT, ImAuthFailed, "the UserSig is wrong", _KEY),
    70009: Code(PERMANENT, ImAuthFailed, "the UserSig was made with the key of another app", _KEY),
    70013: Code(PERMANENT, ImAuthFailed, "the UserSig is of another user", _KEY),
    70014: Code(PERMANENT, ImAuthFailed, "the UserSig is of another app", _KEY),
    70016: Code(PERMANENT, ImMisconfigured, "this data centre has no key of the app", _REGION),
    70020: Code(PERMANENT, ImMisconfigured, "this data centre does not know the app", _REGION),
    70050: Code(SLOW_DOWN, ImUnavailable, "locked for a minute, after too many wrong UserSigs", _KEY, 60.0),
    70051: Code(PERMANENT, ImRejected, "the account is on the block list"),
    70052: Code(RE_SIGN, ImAuthFailed, "the UserSig was revoked", _CLOCK),
    70107: Code(PERMANENT, AccountNotImported, "the account is not imported"),
    70169: Code(RETRY, ImUnavailable, "the service took too long"),
    70202: Code(RETRY, ImUnavailable, "the service took too long"),
    70206: Code(PERMANENT, ImError, "too many or too few accounts in one call"),
    70346: Code(PERMANENT, ImAuthFailed, "the UserSig is of the kind made before 2019", _KEY),
    70398: Code(PERMANENT, ImPlanLimit, "the trial plan's accounts are used up", _PLAN),
    70399: Code(PERMANENT, ImRejected, "the account was deleted less than three months ago"),
    70402: Code(PERMANENT, ImRejected, "a parameter is missing or not allowed"),
    70403: Code(PERMANENT, ImMisconfigured, "the caller is not an App administrator", _ADMIN),
    70500: Code(RETRY, ImUnavailable, "the service failed inside"),
    71000: Code(PERMANENT, ImMisconfigured, "accounts can be deleted on the trial plan only", _PLAN),
    # Groups
    10002: Code(RETRY, ImUnavailable, "the service failed inside"),
    10003: Code(PERMANENT, ImError, "there is no such command"),
    10004: Code(PERMANENT, ImRejected, "a parameter is not allowed"),
    10005: Code(PERMANENT, ImError, "too many accounts in one call"),
    10006: Code(SLOW_DOWN, ImUnavailable, "too many calls, or too many new groups today", "", _LATER),
    10007: Code(PERMANENT, ImMisconfigured, "not permitted, or not in a group of this type", "See TENCENT_GROUP_TYPE."),
    10008: Code(RE_SIGN, ImAuthFailed, "the request or its UserSig is not valid", _KEY),
    10009: Code(PERMANENT, ImRejected, "the owner may not leave the group"),
    10010: Code(PERMANENT, GroupNotFound, "the group does not exist, or was dismissed"),
    10011: Code(PERMANENT, ImError, "the body is not the JSON it should be"),
    10012: Code(PERMANENT, ImMisconfigured, "the caller's id is not allowed", _ADMIN),
    10013: Code(DONE, ImRejected, "the user is a member already"),
    10014: Code(PERMANENT, GroupFull, "the group is full"),
    10015: Code(PERMANENT, GroupNotFound, "there is no group of this id"),
    10016: Code(PERMANENT, ImRejected, "refused by the app's own callback"),
    10017: Code(PERMANENT, ImRejected, "the sender is muted"),
    10018: Code(PERMANENT, ImError, "the answer would be too long"),
    10019: Code(PERMANENT, AccountNotImported, "the account does not exist"),
    10020: Code(PERMANENT, ImRejected, "the message is too long"),
    10021: Code(DONE, GroupConflict, "the group's id is in use by somebody else"),
    10023: Code(SLOW_DOWN, ImUnavailable, "too many messages in this group", "", _LATER),
    10024: Code(DONE, ImRejected, "the invitation was dealt with already"),
    10025: Code(DONE, GroupConflict, "the group's id is in use by the same owner"),
    10026: Code(PERMANENT, ImMisconfigured, "the command is disabled for this app", _PLAN),
    10036: Code(PERMANENT, ImPlanLimit, "too many groups of this type", _PLAN),
    10037: Code(PERMANENT, ImRejected, "the user is in as many groups as the plan allows", "Close some, or upgrade."),
    10038: Code(PERMANENT, GroupFull, "more members than the plan allows", _PLAN),
    10044: Code(PERMANENT, ImMisconfigured, "groups of this type keep no history", "See TENCENT_GROUP_TYPE."),
    10053: Code(PERMANENT, ImRejected, "too many users are mentioned"),
    10056: Code(RETRY, ImUnavailable, "somebody else wrote the attribute at the same moment"),
    10058: Code(PERMANENT, ImPlanLimit, "the trial plan's groups are used up", _PLAN),
    # Messages between two users
    20003: Code(PERMANENT, AccountNotImported, "the sender or the receiver is not imported"),
    20004: Code(RETRY, ImUnavailable, "the service's network failed"),
    20005: Code(RETRY, ImUnavailable, "the service failed inside"),
    20006: Code(PERMANENT, ImRejected, "refused by the app's own callback"),
    20012: Code(PERMANENT, ImRejected, "the sender is muted"),
    22007: Code(PERMANENT, ImMisconfigured, "the trial plan's senders of a day are used up", _PLAN),
    # Profiles
    40003: Code(PERMANENT, AccountNotImported, "the account does not exist"),
    40005: Code(PERMANENT, ImRejected, "the text has words that are not allowed"),
    40006: Code(RETRY, ImUnavailable, "the service failed inside"),
    40601: Code(PERMANENT, ImRejected, "a text of the profile is over 500 bytes"),
    # Contents of messages
    80001: Code(PERMANENT, ImRejected, "the text was stopped by moderation"),
    80002: Code(PERMANENT, ImRejected, "the message is over 12 KB"),
    80003: Code(RETRY, ImUnavailable, "the app's own callback did not answer"),
    80004: Code(PERMANENT, ImRejected, "the picture was stopped by moderation"),
    80005: Code(PERMANENT, ImMisconfigured, "the service is stopped: over or not paid", _PLAN),
    90001: Code(PERMANENT, ImError, "the body is not the JSON it should be"),
    90002: Code(PERMANENT, ImError, "the message's body is not as it should be"),
    90003: Code(PERMANENT, AccountNotImported, "the receiver is missing or not imported"),
    90005: Code(PERMANENT, ImError, "the message's random number is missing"),
    90007: Code(PERMANENT, ImError, "the message's body is not a list"),
    90008: Code(PERMANENT, AccountNotImported, "the sender is missing or not imported"),
    90009: Code(PERMANENT, ImMisconfigured, "the caller is not an App administrator", _ADMIN),
    90010: Code(PERMANENT, ImError, "the message's body is not as it should be"),
    90011: Code(PERMANENT, ImError, "more than 500 receivers in one call"),
    90012: Code(PERMANENT, AccountNotImported, "the receiver is not imported"),
    90024: Code(SLOW_DOWN, ImUnavailable, "pushes follow each other too fast", "", _LATER),
    90047: Code(PERMANENT, ImMisconfigured, "the plan's pushes of a day are used up", _PLAN),
    90048: Code(PERMANENT, AccountNotImported, "the account does not exist"),
    90055: Code(PERMANENT, ImRejected, "the message is over 12 KB"),
    90992: Code(RETRY, ImUnavailable, "the service failed inside, or the app's own callback did"),
    90994: Code(RETRY, ImUnavailable, "the service failed inside"),
    90995: Code(RETRY, ImUnavailable, "the service failed inside"),
    91000: Code(RETRY, ImUnavailable, "the service failed inside"),
    93000: Code(PERMANENT, ImRejected, "the message is over 12 KB"),
}

_OWN_CALLBACK = Code(PERMANENT, ImRejected, "refused by the app's own callback, with a code of its own")
_UNKNOWN = Code(PERMANENT, ImError, "a code that the vendor's list does not have")
_LIKE_A_USER_SIG = re.compile(r"[\w*%+/=-]{64,}")


def find(code: int) -> Code:
    """What is known about an error code; never fails."""
    if 10100 <= code <= 10200 or 120001 <= code <= 130000:
        return _OWN_CALLBACK
    return CODES.get(code, _UNKNOWN)


def refusal(command: str, code: int, info: str) -> ImError:
    """The error for an answer with this ErrorCode and ErrorInfo."""
    known = find(code)
    says = plain(info)
    error = known.error
    if code == 10004 and "invalid owner" in says.lower():
        error = AccountNotImported  # https://cloud.tencent.com/developer/ask/170312
    detail = f"Tencent Chat answered {command} with {code}: {known.meaning}" + (f" ({says})." if says else ".")
    return error(f"{detail} {known.cure}".rstrip(), vendor_code=code, retry_after=known.retry_after)


def plain(text: str) -> str:
    """A foreign text fit for people's eyes: on one line, short, and with nothing in it that could be a UserSig."""
    hidden = _LIKE_A_USER_SIG.sub("...", text)
    return " ".join("".join(c if c.isprintable() else " " for c in hidden).split())[:200]
