"""What the token endpoint of an org answered: an access token, or why not and what to do about it.

Error words: https://help.salesforce.com/s/articleView?id=xcloud.remoteaccess_oauth_flow_errors.htm
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field

import httpx

from relay import ids
from relay.errors import CrmAuthFailed, CrmError, CrmNonsense, CrmUnavailable

_IDENTITY = re.compile(r"/id/([A-Za-z0-9]+)/([A-Za-z0-9]+)\Z")
_TOKEN = re.compile(r"[\x21-\x7e]{8,}")  # what a header can carry
_TRUSTED_HOSTS = (".salesforce.com", ".salesforce.mil")
_TRY_LATER = {"rate_limit_exceeded", "login_rate_exceeded", "server_error", "temporarily_unavailable"}

_CURES = [
    # error word, part of its description, what to do; the first that fits counts
    (
        "invalid_grant",
        "not supported on this domain",
        "SALESFORCE_LOGIN_URL must be the org's My Domain URL, not login or test.salesforce.com",
    ),
    (
        "invalid_grant",
        "no client credentials user",
        "name a run-as user in the client credentials flow of the External Client App",
    ),
    (
        "invalid_grant",
        "approved this consumer",
        "let the External Client App pre-authorise the user of SALESFORCE_USERNAME, by profile or permission set",
    ),
    ("invalid_grant", "audience", "SALESFORCE_LOGIN_URL must be the org's My Domain URL"),
    (
        "invalid_grant",
        "assertion",
        "check SALESFORCE_USERNAME, that the app holds the certificate of SALESFORCE_PRIVATE_KEY_FILE, "
        "and this machine's clock",
    ),
    (
        "invalid_grant",
        "",
        "check that the app's run-as user is set and active and may use the API, that SALESFORCE_LOGIN_URL is the "
        "org's My Domain URL, and this machine's clock",
    ),
    (
        "app_not_found",
        "",
        "the External Client App is not installed in this org, or SALESFORCE_LOGIN_URL is not the org's My Domain URL",
    ),
    ("invalid_client_id", "", "SALESFORCE_CLIENT_ID is not the consumer key of an app in this org"),
    ("invalid_client", "", "SALESFORCE_CLIENT_ID and SALESFORCE_CLIENT_SECRET do not belong together"),
    ("invalid_app_access", "", "let the External Client App permit the run-as user, by profile or permission set"),
    ("unsupported_grant_type", "", "switch on the client credentials flow, or the JWT bearer flow, in the app"),
    ("inactive_user", "", "the run-as user is not active"),
    ("inactive_org", "", "the org is not active"),
]
_NO_CURE = "see the org's login history, and the External Client App's settings"


@dataclass(frozen=True, slots=True)
class AccessToken:
    """A login, good until Salesforce says INVALID_SESSION_ID.

    instance_url: where to send requests, without a slash at the end.
    org_id, user_id: of 18 characters; the user is the one that the relay acts as.
    """

    value: str = field(repr=False)
    instance_url: str
    org_id: str
    user_id: str


def read_login(answer: httpx.Response, login_url: str) -> AccessToken:
    """The token in the answer; CrmAuthFailed, CrmUnavailable or CrmNonsense."""
    body = _body(answer)
    if answer.status_code >= 500 or answer.status_code == 429 or body is None:
        raise _away(answer)
    if not answer.is_success:
        raise _refusal(body)
    try:
        return _token(body, login_url)
    except (KeyError, ValueError, httpx.InvalidURL):
        failure = CrmNonsense("Salesforce's answer to the login cannot be read")
    raise failure  # outside, so that no traceback shows what was read


def _body(answer: httpx.Response) -> dict[str, object] | None:
    """The answer's JSON object, the first of an array of them, or None."""
    try:
        body = json.loads(answer.content)
    except ValueError:
        return None
    if isinstance(body, list) and body:
        body = body[0]
    return body if isinstance(body, dict) else None


def _token(body: dict[str, object], login_url: str) -> AccessToken:
    value, instance_url, identity = (str(body[key]) for key in ("access_token", "instance_url", "id"))
    names = _IDENTITY.search(identity)
    if names is None or not _TOKEN.fullmatch(value):
        raise ValueError
    return AccessToken(
        value=value,
        instance_url=_trusted(instance_url, login_url),
        org_id=ids.to_18(names[1], ids.ORG),
        user_id=ids.to_18(names[2], ids.USER),
    )


def _trusted(instance_url: str, login_url: str) -> str:
    """The origin of instance_url, if a token may be sent there: the login host itself, or a host of Salesforce's.

    force.com is not among them, customers publish their own sites there; so is nothing without TLS.
    """
    instance, login = httpx.URL(instance_url), httpx.URL(login_url)
    same = (instance.host, instance.port) == (login.host, login.port)
    if instance.scheme != "https" or not (same or instance.host.endswith(_TRUSTED_HOSTS)):
        raise CrmAuthFailed(
            "The login answer names a host for the API that is neither that of SALESFORCE_LOGIN_URL nor Salesforce's; "
            "nothing was sent to it. Check SALESFORCE_LOGIN_URL and what stands between the relay and Salesforce."
        )
    return f"{instance.scheme}://{instance.netloc.decode('ascii')}"


def _refusal(body: dict[str, object]) -> CrmError:
    word = _word(body.get("error") or body.get("errorCode"))
    said = str(body.get("error_description") or body.get("message") or "")
    if word.lower() in _TRY_LATER or "rate exceeded" in said.lower():
        error: CrmError = CrmUnavailable("Salesforce takes no more logins for now", vendor_code=word)
    else:
        error = CrmAuthFailed(f"Salesforce refused the relay's login ({word}): {_cure(word, said)}", vendor_code=word)
    error.operator_detail = " ".join(said.split())[:200] or None
    return error


def _away(answer: httpx.Response) -> CrmUnavailable:
    hint = "" if answer.status_code >= 500 else "; is SALESFORCE_LOGIN_URL the org's My Domain URL?"
    return CrmUnavailable(f"Salesforce's login does not work for now (HTTP {answer.status_code}){hint}")


def _word(word: object) -> str:
    return word if isinstance(word, str) and re.fullmatch(r"\w{1,60}", word) else "unknown_error"


def _cure(word: str, said: str) -> str:
    fitting = (cure for error, part, cure in _CURES if error == word and part in said.lower())
    return next(fitting, _NO_CURE)
