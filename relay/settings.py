"""The relay's settings, read from the environment for all of it; everything that is wrong is said at once."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from pathlib import Path
from typing import Literal
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from starlette.datastructures import Secret

from relay.errors import SettingsError
from relay.im import REGIONS
from relay.settings_reader import EXAMPLES, Reader, is_address, is_origin

_HOST = r"(\*\.)?[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)*(?(1)|(:[0-9]{1,5})?)"
_LOGIN_IN_URL = re.compile(r"postgres(?:ql)?://[^:@/?#[]*:(?![0-9]{0,5}(?:[,/?]|$))([^@]*(?:@[^?]*)?)@")
"""What stands where the password is, whatever is in it. What begins like a port is none."""
_LOOPBACK = ("localhost", "127.0.0.1", "::1")

_PAGES = (".lightning.force.com", ".salesforce-setup.com")
"""Hosts of the org where people work; its API refuses whoever comes by them."""
_ANY_ORG = ("login.salesforce.com", "test.salesforce.com")
"""Hosts that find the org by the user who signs in; the client credentials flow names none."""
_MY_DOMAIN = "take your org's My Domain, https://….my.salesforce.com (Setup, My Domain)"

_ATTACHMENT_TYPES = ("jpg", "png", "gif", "webp", "bmp", "heic", "pdf", "txt", "mp3", "m4a", "aac", "wav", "mp4", "mov")
_ATTACHMENT_HOSTS = ("*.my-imcloud.com", "*.im.qcloud.com", "*.imrich.qcloud.com", "*.myqcloud.com", "*.tencentcos.cn")


@dataclass(frozen=True, kw_only=True, slots=True)
class Settings:
    """Every setting under its name in the environment, in small letters. Times are seconds. Secrets do not print.

    tencent_api_url is that of TENCENT_REGION unless the environment gives another.
    """

    salesforce_login_url: str
    salesforce_client_id: str
    salesforce_client_secret: Secret
    salesforce_private_key_file: str
    salesforce_username: str
    salesforce_api_version: str
    salesforce_case_origin: str
    salesforce_case_fields: frozenset[str]
    tencent_sdk_app_id: int
    tencent_secret_key: Secret
    tencent_admin_id: str
    tencent_other_admins: tuple[str, ...]
    tencent_api_url: str
    tencent_group_type: str
    tencent_group_owner: Literal["none", "user"]
    tencent_callback_token: Secret
    relay_app_jwt_secret: Secret
    relay_app_jwks_url: str
    relay_app_jwt_audience: str
    relay_app_jwt_issuer: str
    relay_app_api_keys: tuple[Secret, ...]
    relay_callout_secrets: tuple[Secret, ...]
    relay_database_url: str = field(repr=False)
    relay_allowed_origins: tuple[str, ...]
    relay_usersig_ttl: int
    relay_create_wait: float
    relay_close_grace: float
    relay_reconcile_interval: float
    relay_deep_interval: float
    relay_max_body: int
    relay_case_info_days: float
    relay_message_days: float
    relay_transcript: str
    relay_time_zone: str
    relay_first_message: bool
    relay_joined_line: str
    relay_left_line: str
    relay_closed_line: str
    relay_attachment_bytes: int
    relay_attachment_types: tuple[str, ...]
    relay_attachment_hosts: tuple[str, ...]
    host: str
    port: int
    web_concurrency: int
    unused: tuple[str, ...] = ()
    """Warnings about what the environment or the file say and nobody reads; not a setting itself."""

    @classmethod
    def from_env(cls, environ: Mapping[str, str] | None = None, env_file: Path | None = None) -> Settings:
        """Read the environment, and a .env file for what is not in it. Raises SettingsError with every problem."""
        reader = Reader(environ, env_file)
        settings = replace(
            _read(reader),
            unused=(
                *reader.no_settings(["TENCENT_REGION", *(one.name.upper() for one in fields(cls))]),
                *reader.doubts,
            ),
        )
        reader.check_bundles()
        _check_together(reader, settings)
        if reader.problems:
            raise SettingsError(reader.problems)
        return settings

    @property
    def warnings(self) -> list[str]:
        """What works but should be looked at."""
        secrets = {
            "RELAY_APP_JWT_SECRET": [self.relay_app_jwt_secret],
            "RELAY_APP_API_KEYS": self.relay_app_api_keys,
            "RELAY_CALLOUT_SECRETS": self.relay_callout_secrets,
        }
        found = [
            f"{name} is shorter than 32 characters and may be guessed: openssl rand -hex 32 makes a good one"
            for name, values in secrets.items()
            if any(0 < len(str(value)) < 32 for value in values)
        ]
        found += [
            f"{name} can hardly be sent in a header as it stands: it has a space, or a letter that is not in ASCII."
            " The word Bearer is not part of it"
            for name, values in secrets.items()
            if name != "RELAY_APP_JWT_SECRET" and not all(re.fullmatch("[!-~]*", str(value)) for value in values)
        ]
        if not self.tencent_callback_token:
            found.append(
                "TENCENT_CALLBACK_TOKEN is not set: Tencent's callbacks are refused, and what is said in groups is"
                " known only once somebody asks for it"
            )
        if self.relay_app_jwks_url and not self.relay_app_jwt_audience:
            found.append("RELAY_APP_JWT_AUDIENCE is not set: tokens made for other apps are taken, too")
        return [*found, *self.unused]


def _read(read: Reader) -> Settings:
    login_url = read.origin(
        "SALESFORCE_LOGIN_URL",
        read.required("SALESFORCE_LOGIN_URL", "your org's My Domain, https://acme.my.salesforce.com"),
    )
    region = read.choice("TENCENT_REGION", "china", list(REGIONS))
    return Settings(
        salesforce_login_url=login_url,
        salesforce_client_id=read.required("SALESFORCE_CLIENT_ID", "the consumer key of your External Client App"),
        salesforce_client_secret=read.secret("SALESFORCE_CLIENT_SECRET"),
        salesforce_private_key_file=read.file("SALESFORCE_PRIVATE_KEY_FILE"),
        salesforce_username=read.text("SALESFORCE_USERNAME"),
        salesforce_api_version=read.text("SALESFORCE_API_VERSION", "67.0"),
        salesforce_case_origin=read.text("SALESFORCE_CASE_ORIGIN", "Chat"),
        salesforce_case_fields=frozenset(
            read.matching(
                "SALESFORCE_CASE_FIELDS", r"[A-Za-z][A-Za-z0-9_]*", "API names of Case fields, like Type or Product__c"
            )
        ),
        tencent_sdk_app_id=_sdk_app_id(read),
        tencent_secret_key=Secret(
            read.required("TENCENT_SECRET_KEY", "the key on your application's page in the console")
        ),
        tencent_admin_id=read.user_id("TENCENT_ADMIN_ID", "administrator"),
        tencent_other_admins=tuple(read.listed("TENCENT_OTHER_ADMINS")),
        tencent_api_url=read.origin("TENCENT_API_URL", read.text("TENCENT_API_URL")) or REGIONS.get(region, ""),
        tencent_group_type=read.choice("TENCENT_GROUP_TYPE", "Public", ["Public", "Private", "ChatRoom", "Community"]),
        tencent_group_owner="user"
        if read.choice("TENCENT_GROUP_OWNER", "none", ["none", "user"]) == "user"
        else "none",
        tencent_callback_token=read.secret("TENCENT_CALLBACK_TOKEN"),
        relay_app_jwt_secret=read.secret("RELAY_APP_JWT_SECRET"),
        relay_app_jwks_url=_jwks_url(read),
        relay_app_jwt_audience=read.text("RELAY_APP_JWT_AUDIENCE"),
        relay_app_jwt_issuer=read.text("RELAY_APP_JWT_ISSUER"),
        relay_app_api_keys=tuple(Secret(key) for key in read.listed("RELAY_APP_API_KEYS")),
        relay_callout_secrets=tuple(Secret(secret) for secret in read.listed("RELAY_CALLOUT_SECRETS")),
        relay_database_url=read.text("RELAY_DATABASE_URL", "sqlite:///relay.db"),
        relay_allowed_origins=tuple(read.listed("RELAY_ALLOWED_ORIGINS")),
        relay_usersig_ttl=read.number("RELAY_USERSIG_TTL", 86400, int, 60, 50 * 365 * 86400),
        relay_create_wait=read.number("RELAY_CREATE_WAIT", 8.0, float, 0, 600),
        relay_close_grace=read.number("RELAY_CLOSE_GRACE", 600.0, float, 0, 365 * 86400),
        relay_reconcile_interval=read.number("RELAY_RECONCILE_INTERVAL", 60.0, float, 1, 86400),
        relay_deep_interval=read.number("RELAY_DEEP_INTERVAL", 3600.0, float, 1, 30 * 86400),
        relay_max_body=read.number("RELAY_MAX_BODY", 65536, int, 1024, 100 * 1024 * 1024),
        relay_case_info_days=read.number("RELAY_CASE_INFO_DAYS", 7.0, float, 0, 3650),
        relay_message_days=read.number("RELAY_MESSAGE_DAYS", 30.0, float, 0, 3650),
        relay_transcript=read.choice("RELAY_TRANSCRIPT", "close", ["close", "transfer", "off"]),
        relay_time_zone=_time_zone(read),
        relay_first_message=read.choice("RELAY_FIRST_MESSAGE", "on", ["on", "off"]) == "on",
        relay_joined_line=read.line_with_name("RELAY_JOINED_LINE", "{name} has joined the chat."),
        relay_left_line=read.line_with_name("RELAY_LEFT_LINE", "{name} has left the chat."),
        relay_closed_line=read.line("RELAY_CLOSED_LINE", "This case has been closed."),
        relay_attachment_bytes=read.number("RELAY_ATTACHMENT_BYTES", 0, int, 0, 25 * 1024 * 1024),
        relay_attachment_types=tuple(read.listed("RELAY_ATTACHMENT_TYPES") or _ATTACHMENT_TYPES),
        relay_attachment_hosts=tuple(
            read.matching("RELAY_ATTACHMENT_HOSTS", _HOST, "host, host:port or *.domain") or _ATTACHMENT_HOSTS
        ),
        host=read.text("HOST", "127.0.0.1"),
        port=read.number("PORT", 3000, int, 0, 65535),
        web_concurrency=read.number("WEB_CONCURRENCY", 1, int, 1, 256),
    )


def _time_zone(read: Reader) -> str:
    name = read.text("RELAY_TIME_ZONE", "UTC")
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        read.problems.append(
            "RELAY_TIME_ZONE must be the name of a time zone that this machine knows, like Asia/Shanghai"
        )
    return name


def _sdk_app_id(read: Reader) -> int:
    text = read.required("TENCENT_SDK_APP_ID", "the SDKAppID of your application")
    if text and text not in EXAMPLES and not re.fullmatch(r"[1-9][0-9]{0,18}", text):
        read.problems.append("TENCENT_SDK_APP_ID must be a whole number, the SDKAppID of your application")
    return int(text) if re.fullmatch(r"[0-9]{1,19}", text) else 0


def _jwks_url(read: Reader) -> str:
    url = read.text("RELAY_APP_JWKS_URL")
    if url and not (is_address(url, "https") or (is_address(url, "http") and urlsplit(url).hostname in _LOOPBACK)):
        read.problems.append("RELAY_APP_JWKS_URL must be an https address: who could change the keys could be anybody")
    return url


def _check_together(read: Reader, settings: Settings) -> None:
    """What no setting alone can get wrong."""
    problems = read.problems
    if settings.salesforce_private_key_file:
        if not settings.salesforce_username:
            problems.append("SALESFORCE_USERNAME is missing: the user that SALESFORCE_PRIVATE_KEY_FILE signs in")
    elif not settings.salesforce_client_secret:
        problems.append(
            "SALESFORCE_CLIENT_SECRET is missing: the consumer secret of your External Client App"
            " (or SALESFORCE_PRIVATE_KEY_FILE and SALESFORCE_USERNAME for the JWT bearer flow)"
        )
    _check_login_host(problems, settings)
    if not (settings.relay_app_jwt_secret or settings.relay_app_jwks_url or settings.relay_app_api_keys):
        problems.append("No app could call: set RELAY_APP_JWT_SECRET, RELAY_APP_JWKS_URL or RELAY_APP_API_KEYS")
    if not settings.relay_callout_secrets:
        problems.append("RELAY_CALLOUT_SECRETS is missing: the secret that your org's External Credential holds")
    apps = {str(settings.relay_app_jwt_secret), *map(str, settings.relay_app_api_keys)} - {""}
    if apps.intersection(map(str, settings.relay_callout_secrets)):
        problems.append("RELAY_CALLOUT_SECRETS must not hold a secret of the app: whoever has it would be the org, too")
    problems += database_problems("RELAY_DATABASE_URL", settings.relay_database_url)
    if settings.web_concurrency > 1 and settings.relay_database_url.startswith("sqlite:"):
        problems.append("WEB_CONCURRENCY must be 1 on SQLite: several processes need PostgreSQL")
    if not re.fullmatch(r"[0-9]+\.0", settings.salesforce_api_version):
        problems.append("SALESFORCE_API_VERSION must look like 67.0")
    if not all(origin == "*" or is_origin(origin, "http", "https") for origin in settings.relay_allowed_origins):
        problems.append("RELAY_ALLOWED_ORIGINS must be origins like https://app.example.com, without a path")


def _check_login_host(problems: list[str], settings: Settings) -> None:
    if not is_address(settings.salesforce_login_url, "https"):
        return  # which is said already
    host = (urlsplit(settings.salesforce_login_url).hostname or "").rstrip(".")
    if host.endswith(_PAGES):
        problems.append(f"SALESFORCE_LOGIN_URL is an address of pages for people: {_MY_DOMAIN}")
    elif host in _ANY_ORG and not settings.salesforce_private_key_file:
        problems.append(f"SALESFORCE_LOGIN_URL must be one org's own for the client credentials flow: {_MY_DOMAIN}")


def database_problems(name: str, url: str) -> list[str]:
    """What is wrong with a ledger's address, under the name that it was given by."""
    problems = []
    if (login := _LOGIN_IN_URL.match(url)) and re.search(r"[@/?#\s]|%(?![0-9A-Fa-f]{2})", login[1]):
        # the driver would take it for something else, and name a part of it in its error
        problems.append(
            f"{name}: in the password, write %25 for %, %40 for @, %2F for /, %3F for ?, %23 for # and %20 for a space"
        )
    if not re.match(r"sqlite:///(?!:memory:).+|postgres(ql)?://.+", url):
        problems.append(
            f"{name} must be sqlite:///relative/path, sqlite:////absolute/path"
            " or postgresql://user:password@host/database"
        )
    return problems
