"""What is read from the environment, what it means if it is not there, and what is refused at start."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
import trustme

from relay.errors import SettingsError
from relay.settings import Settings
from relay.settings_reader import EXAMPLES

REQUIRED = {
    "SALESFORCE_LOGIN_URL": "https://acme.my.salesforce.com",
    "SALESFORCE_CLIENT_ID": "3MVG9.consumer-key",
    "SALESFORCE_CLIENT_SECRET": "5E0RET-of-salesforce",
    "TENCENT_SDK_APP_ID": "1400000000",
    "TENCENT_SECRET_KEY": "5E0RET-of-tencent",
    "RELAY_APP_JWT_SECRET": "5E0RET-of-the-app-0123456789abcdef",
    "RELAY_CALLOUT_SECRETS": "5E0RET-of-the-org-0123456789abcdef",
}
ROOT = Path(__file__).parents[1]


def read(**changes: str) -> Settings:
    return Settings.from_env({**REQUIRED, **changes})


def problems(environ: dict[str, str]) -> list[str]:
    """What is said to be wrong."""
    with pytest.raises(SettingsError) as refused:
        Settings.from_env(environ)
    return refused.value.problems


def without(*names: str) -> dict[str, str]:
    return {name: value for name, value in REQUIRED.items() if name not in names}


def test_the_required_settings_are_enough_and_the_rest_has_its_default() -> None:
    settings = read()

    assert settings.salesforce_login_url == "https://acme.my.salesforce.com"
    assert settings.salesforce_client_id == "3MVG9.consumer-key"
    assert str(settings.salesforce_client_secret) == "5E0RET-of-salesforce"
    assert settings.tencent_sdk_app_id == 1400000000
    assert str(settings.tencent_secret_key) == "5E0RET-of-tencent"
    assert str(settings.relay_app_jwt_secret) == "5E0RET-of-the-app-0123456789abcdef"
    assert [str(secret) for secret in settings.relay_callout_secrets] == ["5E0RET-of-the-org-0123456789abcdef"]
    assert [warning.partition(" ")[0] for warning in settings.warnings] == ["TENCENT_CALLBACK_TOKEN"]


DEFAULTS: dict[str, object] = {
    "salesforce_private_key_file": "",
    "salesforce_username": "",
    "salesforce_api_version": "67.0",
    "salesforce_case_origin": "Chat",
    "salesforce_case_fields": frozenset(),
    "tencent_admin_id": "administrator",
    "tencent_other_admins": (),
    "tencent_api_url": "https://console.tim.qq.com",
    "tencent_group_type": "Public",
    "tencent_group_owner": "none",
    "relay_app_jwks_url": "",
    "relay_app_api_keys": (),
    "relay_database_url": "sqlite:///relay.db",
    "relay_allowed_origins": (),
    "relay_usersig_ttl": 86400,
    "relay_create_wait": 8,
    "relay_close_grace": 600,
    "relay_reconcile_interval": 60,
    "relay_deep_interval": 3600,
    "relay_max_body": 65536,
    "relay_case_info_days": 7,
    "host": "127.0.0.1",
    "port": 3000,
    "web_concurrency": 1,
}


@pytest.mark.parametrize("name", DEFAULTS)
def test_a_setting_that_is_not_there_or_empty_has_its_default(name: str) -> None:
    assert getattr(read(), name) == DEFAULTS[name]
    assert getattr(read(**{name.upper(): ""}), name) == DEFAULTS[name]
    assert getattr(read(**{name.upper(): "  "}), name) == DEFAULTS[name]


GIVEN: dict[str, tuple[str, object]] = {
    "SALESFORCE_API_VERSION": ("61.0", "61.0"),
    "SALESFORCE_CASE_ORIGIN": ("Web", "Web"),
    "SALESFORCE_CASE_FIELDS": ("Type, Product__c,,", frozenset({"Type", "Product__c"})),
    "SALESFORCE_USERNAME": ("relay@acme.com", "relay@acme.com"),
    "TENCENT_ADMIN_ID": ("b" * 32, "b" * 32),
    "TENCENT_OTHER_ADMINS": ("root, Night_Shift", ("root", "Night_Shift")),
    "TENCENT_API_URL": ("https://localhost:8443/", "https://localhost:8443"),
    "TENCENT_GROUP_TYPE": ("ChatRoom", "ChatRoom"),
    "TENCENT_GROUP_OWNER": ("user", "user"),
    "RELAY_APP_JWKS_URL": ("https://acme.com/keys", "https://acme.com/keys"),
    "RELAY_DATABASE_URL": ("sqlite:////var/lib/relay/relay.db", "sqlite:////var/lib/relay/relay.db"),
    "RELAY_ALLOWED_ORIGINS": (
        "https://a.example, https://b.example:8443",
        ("https://a.example", "https://b.example:8443"),
    ),
    "RELAY_USERSIG_TTL": ("3600", 3600),
    "RELAY_CREATE_WAIT": ("0.5", 0.5),
    "RELAY_CLOSE_GRACE": ("0", 0),
    "RELAY_RECONCILE_INTERVAL": ("5", 5),
    "RELAY_DEEP_INTERVAL": ("60", 60),
    "RELAY_MAX_BODY": ("2048", 2048),
    "RELAY_CASE_INFO_DAYS": ("30", 30),
    "HOST": ("0.0.0.0", "0.0.0.0"),
    "PORT": ("8080", 8080),
}


@pytest.mark.parametrize("name", GIVEN)
def test_a_setting_is_read(name: str) -> None:
    text, value = GIVEN[name]

    assert getattr(read(**{name: text}), name.lower()) == value
    assert getattr(read(**{name: f" {text} "}), name.lower()) == value


@pytest.mark.parametrize(
    ("region", "origin"),
    [
        ("china", "https://console.tim.qq.com"),
        ("singapore", "https://adminapisgp.im.qcloud.com"),
        ("seoul", "https://adminapikr.im.qcloud.com"),
        ("tokyo", "https://adminapijpn.im.qcloud.com"),
        ("frankfurt", "https://adminapiger.im.qcloud.com"),
        ("silicon-valley", "https://adminapiusa.im.qcloud.com"),
        ("jakarta", "https://adminapiidn.im.qcloud.com"),
    ],
)
def test_each_region_has_its_address_unless_another_is_given(region: str, origin: str) -> None:
    assert read(TENCENT_REGION=region).tencent_api_url == origin
    assert read(TENCENT_REGION=region, TENCENT_API_URL="https://my.host").tencent_api_url == "https://my.host"


def test_lists_are_separated_by_commas_and_trimmed() -> None:
    settings = read(RELAY_APP_API_KEYS=" one , two,", RELAY_CALLOUT_SECRETS="old,new")

    assert [str(key) for key in settings.relay_app_api_keys] == ["one", "two"]
    assert [str(secret) for secret in settings.relay_callout_secrets] == ["old", "new"]


@pytest.mark.parametrize("name", [name for name in REQUIRED if not name.startswith("RELAY_APP")])
def test_what_is_required_is_named_when_it_is_missing(name: str) -> None:
    [problem] = problems(without(name))

    assert problem.startswith(f"{name} is missing")


def test_one_way_for_apps_to_call_is_required_and_any_will_do() -> None:
    nobody = without("RELAY_APP_JWT_SECRET")

    [problem] = problems(nobody)
    assert all(name in problem for name in ("RELAY_APP_JWT_SECRET", "RELAY_APP_JWKS_URL", "RELAY_APP_API_KEYS"))
    for name, value in (("RELAY_APP_API_KEYS", "k" * 32), ("RELAY_APP_JWKS_URL", "https://acme.com/keys")):
        assert Settings.from_env({**nobody, name: value})


def test_a_private_key_and_a_user_replace_the_client_secret(tmp_path: Path) -> None:
    key = tmp_path / "key.pem"
    key.write_text("-----BEGIN PRIVATE KEY-----")
    environ = {**without("SALESFORCE_CLIENT_SECRET"), "SALESFORCE_PRIVATE_KEY_FILE": str(key)}

    assert Settings.from_env({**environ, "SALESFORCE_USERNAME": "relay@acme.com"}).salesforce_private_key_file
    [problem] = problems(environ)
    assert problem.startswith("SALESFORCE_USERNAME is missing")


@pytest.mark.parametrize("host", ["acme.lightning.force.com", "acme.my.salesforce-setup.com", "login.salesforce.com"])
def test_a_host_that_is_not_the_orgs_own_is_refused_with_the_one_to_take(host: str) -> None:
    [problem] = problems({**REQUIRED, "SALESFORCE_LOGIN_URL": f"https://{host}"})

    assert problem.startswith("SALESFORCE_LOGIN_URL")
    assert "https://….my.salesforce.com" in problem


@pytest.mark.parametrize("host", ["login.salesforce.com", "test.salesforce.com"])
def test_the_jwt_bearer_flow_names_its_user_and_may_sign_in_anywhere(tmp_path: Path, host: str) -> None:
    key = tmp_path / "key.pem"
    key.write_text("-----BEGIN PRIVATE KEY-----")
    settings = read(
        SALESFORCE_LOGIN_URL=f"https://{host}",
        SALESFORCE_PRIVATE_KEY_FILE=str(key),
        SALESFORCE_USERNAME="relay@acme.com",
    )

    assert settings.salesforce_login_url == f"https://{host}"


@pytest.mark.parametrize(
    "origin",
    [
        "https://localhost:8443",
        "https://acme--dev.sandbox.my.salesforce.com",
        "https://acme-dev-ed.develop.my.salesforce.com",
        "https://login.acme.example",
    ],
)
def test_the_orgs_own_hosts_are_taken(origin: str) -> None:
    assert read(SALESFORCE_LOGIN_URL=origin).salesforce_login_url == origin


WRONG: dict[str, list[str]] = {
    "SALESFORCE_LOGIN_URL": [
        "http://acme.my.salesforce.com",
        "acme.my.salesforce.com",
        "https://acme.my.salesforce.com/services",
        "https://acme.my.salesforce.com?x=1",
        "https://",
        "ftp://acme",
        "https://acme.lightning.force.com",
        "https://acme--dev.sandbox.lightning.force.com",
        "https://ACME.Lightning.Force.com.",
        "https://acme.salesforce-setup.com",
        "https://acme.my.salesforce-setup.com",
        "https://login.salesforce.com",
        "https://test.salesforce.com:443",
    ],
    "SALESFORCE_PRIVATE_KEY_FILE": ["/nowhere/key.pem"],
    "SSL_CERT_FILE": ["/nowhere/ca.pem", str(ROOT / "tests"), str(ROOT / "pyproject.toml")],
    "REQUESTS_CA_BUNDLE": ["/nowhere/ca.pem", str(ROOT / "pyproject.toml")],
    "SALESFORCE_API_VERSION": ["67", "v67.0", "67.0/../..", "latest"],
    "TENCENT_SDK_APP_ID": ["abc", "0", "-1", "1.5", "1e3", "0x10"],
    "TENCENT_ADMIN_ID": ["a" * 33, "администратор-чата"],
    "TENCENT_REGION": ["mars", "China"],
    "TENCENT_API_URL": ["http://localhost:1", "https://localhost/v4", "localhost"],
    "TENCENT_GROUP_TYPE": ["public", "AVChatRoom"],
    "TENCENT_GROUP_OWNER": ["yes", "User"],
    "RELAY_DATABASE_URL": ["sqlite://relay.db", "sqlite:///", "mysql://x/y", "relay.db"],
    "RELAY_ALLOWED_ORIGINS": ["https://a.example/path", "a.example", "https://a.example/"],
    "SALESFORCE_CASE_FIELDS": ["Foo bar", "Type,Case.Status", "1st"],
    "RELAY_JOINED_LINE": ["{agent} in", "{name", "{name} {0}"],
    "RELAY_LEFT_LINE": ["name} has left"],
    "RELAY_ATTACHMENT_HOSTS": ["http://x/y", "files.example.com/path", "*", "*.example.com:443", "a b"],
    "RELAY_USERSIG_TTL": ["0", "-1", "soon", "1.5", "nan"],
    "RELAY_CREATE_WAIT": ["-1", "nan", "inf", "long"],
    "RELAY_CLOSE_GRACE": ["-1", "nan"],
    "RELAY_RECONCILE_INTERVAL": ["0", "-5", "nan"],
    "RELAY_DEEP_INTERVAL": ["0", "inf"],
    "RELAY_MAX_BODY": ["0", "-1", "64k"],
    "RELAY_CASE_INFO_DAYS": ["-1", "nan"],
    "PORT": ["65536", "-1", "http"],
    "WEB_CONCURRENCY": ["0", "-1", "many"],
}


@pytest.mark.parametrize(("name", "value"), [(name, value) for name, values in WRONG.items() for value in values])
def test_what_is_wrong_is_named_and_not_repeated(name: str, value: str) -> None:
    found = problems({**REQUIRED, name: value})

    assert any(problem.startswith(name) for problem in found)
    if len(value) > 10:  # shorter ones may stand in the text by chance
        assert value not in "".join(found)


def test_several_processes_need_another_database_than_sqlite() -> None:
    [problem] = problems({**REQUIRED, "WEB_CONCURRENCY": "2"})

    assert problem.startswith("WEB_CONCURRENCY")
    assert "PostgreSQL" in problem


def test_several_processes_can_share_a_postgresql_whose_password_is_not_printed() -> None:
    url = "postgresql://relay:s3cret-word@db.example/relay"
    settings = Settings.from_env({**REQUIRED, "WEB_CONCURRENCY": "4", "RELAY_DATABASE_URL": url})

    assert (settings.web_concurrency, settings.relay_database_url) == (4, url)
    assert "s3cret-word" not in repr(settings)


def test_everything_that_is_wrong_is_said_at_once() -> None:
    found = problems({name: values[0] for name, values in WRONG.items()})

    missing = ["SALESFORCE_CLIENT_ID", "TENCENT_SECRET_KEY", "RELAY_CALLOUT_SECRETS", "RELAY_APP_JWT_SECRET"]
    for name in [*WRONG, *missing]:
        assert any(name in problem for problem in found), name


def test_an_empty_environment_names_all_that_is_required() -> None:
    text = str(problems({}))

    assert all(name in text for name in REQUIRED)


def example() -> dict[str, str]:
    lines = (ROOT / ".env.example").read_text().splitlines()
    return dict(line.split("=", 1) for line in lines if "=" in line and not line.startswith("#"))


def test_the_example_file_is_refused_value_by_value() -> None:
    values = example()

    assert set(values) == set(REQUIRED)
    assert set(values.values()) == EXAMPLES
    for name, value in values.items():
        assert any(problem.startswith(name) for problem in problems({**REQUIRED, name: value})), name
    assert all(any(problem.startswith(name) for problem in problems(values)) for name in values)


def test_an_example_value_among_good_ones_is_refused() -> None:
    secret = example()["RELAY_CALLOUT_SECRETS"]

    found = problems({**REQUIRED, "RELAY_CALLOUT_SECRETS": f"a-good-one,{secret}"})

    assert [problem.partition(" ")[0] for problem in found] == ["RELAY_CALLOUT_SECRETS"]


def test_the_example_file_shows_every_setting_with_its_default() -> None:
    lines = (ROOT / ".env.example").read_text().splitlines()
    shown = dict(line.removeprefix("# ").split("=", 1) for line in lines if "=" in line)

    names = {name.upper() for name in Settings.__dataclass_fields__} - {"UNUSED"} | {"TENCENT_REGION"}
    assert set(shown) == names
    commented = {name: value for name, value in shown.items() if name not in REQUIRED and value}
    settings = Settings.from_env({**REQUIRED, **commented})
    assert {name: getattr(settings, name) for name in DEFAULTS} == DEFAULTS


SECRETS = {
    **REQUIRED,
    "TENCENT_CALLBACK_TOKEN": "5E0RET-of-the-callback",
    "RELAY_APP_API_KEYS": "5E0RET-key-one,5E0RET-key-two",
}


def test_no_secret_is_printed() -> None:
    settings = Settings.from_env(SECRETS)

    assert "5E0RET" not in repr(settings)
    assert "5E0RET" not in str(settings)
    assert "5E0RET" not in "".join(settings.warnings)


def test_no_secret_is_in_a_problem() -> None:
    wrong = {name: values[0] for name, values in WRONG.items()}

    with pytest.raises(SettingsError) as refused:
        Settings.from_env({**SECRETS, **wrong})
    assert "5E0RET" not in str(refused.value) + repr(refused.value)


def test_a_secret_that_may_be_guessed_is_worth_a_warning() -> None:
    warnings = read(RELAY_CALLOUT_SECRETS="short", TENCENT_CALLBACK_TOKEN="a token").warnings

    assert len(warnings) == 1
    assert warnings[0].startswith("RELAY_CALLOUT_SECRETS")
    assert "short," not in warnings[0]


def test_the_environment_goes_before_the_env_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / ".env"
    file.write_text("# a comment\nPORT=4000\n\nHOST='0.0.0.0'\nSALESFORCE_CASE_ORIGIN=\"Web chat\"\n")
    settings = Settings.from_env({**REQUIRED, "PORT": "5000"}, env_file=file)

    assert (settings.port, settings.host, settings.salesforce_case_origin) == (5000, "0.0.0.0", "Web chat")


def test_an_env_file_that_is_not_there_is_no_problem(tmp_path: Path) -> None:
    assert Settings.from_env(REQUIRED, env_file=tmp_path / ".env").port == 3000


def test_without_anything_given_the_process_environment_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in list(os.environ):
        if name.startswith(("SALESFORCE_", "TENCENT_", "RELAY_")):
            monkeypatch.delenv(name)
    for name, value in {**REQUIRED, "PORT": "4321"}.items():
        monkeypatch.setenv(name, value)

    assert Settings.from_env().port == 4321


def test_a_bad_line_of_the_env_file_is_named_and_not_repeated(tmp_path: Path) -> None:
    file = tmp_path / ".env"
    file.write_text("# mine\nPORT=4000\nexport HOST=5E0RET-1\n\n5E0RET-2\n")

    with pytest.raises(SettingsError) as refused:
        Settings.from_env(REQUIRED, env_file=file)

    assert [problem.partition(":")[0] for problem in refused.value.problems] == [f"{file}, line {n}" for n in (3, 5)]
    assert "5E0RET" not in str(refused.value)


DOUBTFUL = {
    "TENCENT_SECRET_KEY=5E0RET # of ours": "what is behind # belongs to TENCENT_SECRET_KEY: a comment needs a line",
    'TENCENT_SECRET_KEY="5E0RET': "TENCENT_SECRET_KEY begins with a quote and does not end with it",
    "PORT=4000\nPORT=5000": "PORT was set further up already, and this is taken",
}


@pytest.mark.parametrize("lines", DOUBTFUL)
def test_a_line_of_the_env_file_that_hardly_means_what_it_says_is_worth_a_warning(tmp_path: Path, lines: str) -> None:
    file = tmp_path / ".env"
    file.write_text(f"# mine\n{lines}\n")

    warnings = Settings.from_env({**REQUIRED, "TENCENT_CALLBACK_TOKEN": "a token"}, env_file=file).warnings

    [warning] = warnings
    assert warning.startswith(f"{file}, line {1 + len(lines.splitlines())}: {DOUBTFUL[lines]}")
    assert "5E0RET" not in warning


def test_quotes_and_number_signs_that_are_meant_are_no_doubt(tmp_path: Path) -> None:
    file = tmp_path / ".env"
    file.write_text("TENCENT_CALLBACK_TOKEN=\"a #b\"\nRELAY_LEFT_LINE='{name} #1 left'\nTENCENT_ADMIN_ID=ad#min\n")

    settings = Settings.from_env(REQUIRED, env_file=file)

    assert (settings.warnings, str(settings.tencent_callback_token)) == ([], "a #b")
    assert (settings.relay_left_line, settings.tencent_admin_id) == ("{name} #1 left", "ad#min")


def test_an_env_file_may_begin_as_windows_editors_write_it(tmp_path: Path) -> None:
    file = tmp_path / ".env"
    file.write_bytes(b"\xef\xbb\xbfPORT=4000\r\nHOST=::1\r\n")

    settings = Settings.from_env(REQUIRED, env_file=file)

    assert (settings.port, settings.host) == (4000, "::1")


@pytest.mark.parametrize("name", ["RELAY_CALLOUT_SECRETS", "RELAY_APP_API_KEYS"])
@pytest.mark.parametrize(
    "value", ["Bearer 5E0RET-0123456789abcdef0123456789abcdef", "5E0RÉT-0123456789abcdef0123456789ab"]
)
def test_a_secret_that_no_header_brings_is_worth_a_warning(name: str, value: str) -> None:
    [warning] = read(TENCENT_CALLBACK_TOKEN="a token", **{name: value}).warnings

    assert warning.startswith(f"{name} can hardly be sent in a header")
    assert "5E0R" not in warning


@pytest.mark.parametrize("password", ["p@ss", "p/ss", "p#ss", "p?ss", "p%ss", "p ss", "p@s/s", "p/s@s"])
def test_a_password_that_the_databases_driver_would_misread_is_refused_and_not_repeated(password: str) -> None:
    [problem] = problems({**REQUIRED, "RELAY_DATABASE_URL": f"postgresql://relay:{password}@db.example.com:5432/relay"})

    assert problem.startswith("RELAY_DATABASE_URL: in the password, write")
    assert "ss" not in problem.partition("password")[2]


@pytest.mark.parametrize(
    "address",
    [
        "relay:p%40s%2Fs:!$&'()*+,;=~@db/relay",
        "relay:secret@db/relay?application_name=a@b",
        "db:5432/relay?application_name=a@b",
        "db1:5432,db2:5432/relay?application_name=a@b",
        "[::1]:5432/relay?application_name=a@b",
        "/relay?host=/run/postgresql&user=relay",
        "relay@db/relay",
    ],
)
def test_good_addresses_of_postgresql_are_taken(address: str) -> None:
    assert read(RELAY_DATABASE_URL=f"postgresql://{address}").relay_database_url == f"postgresql://{address}"


def test_an_env_file_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    (tmp_path / "binary").write_bytes(b"PORT=\xff\xfe")
    for file in (tmp_path, tmp_path / "binary"):
        with pytest.raises(SettingsError, match="cannot be read as a file of settings"):
            Settings.from_env(REQUIRED, env_file=file)


def test_a_name_that_is_no_setting_is_worth_a_warning(tmp_path: Path) -> None:
    file = tmp_path / ".env"
    file.write_text("SALESFORCE_COLOUR=red\nPORT=4000\n")
    environ = {**REQUIRED, "TENCENT_CALLBACK_TOKEN": "a token", "RELAY_PORT_3000_TCP": "x", "SANDBOX_USER": "y"}

    settings = Settings.from_env({**environ, "RELAY_ALOWED_ORIGINS": "*"}, env_file=file)

    assert settings.warnings == [
        "RELAY_ALOWED_ORIGINS is no setting: did you mean RELAY_ALLOWED_ORIGINS?",
        "SALESFORCE_COLOUR is no setting",
    ]


def test_of_two_bundles_the_files_holds_and_that_is_worth_a_warning(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ours, theirs, file = tmp_path / "ours.pem", tmp_path / "theirs.pem", tmp_path / ".env"
    for bundle in (ours, theirs):
        trustme.CA().cert_pem.write_to_path(bundle)
    file.write_text(f"SSL_CERT_FILE={theirs}\nREQUESTS_CA_BUNDLE={theirs}\n")
    monkeypatch.setenv("SSL_CERT_FILE", str(ours))
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", "")
    monkeypatch.delenv("REQUESTS_CA_BUNDLE")

    warnings = Settings.from_env({**REQUIRED, "TENCENT_CALLBACK_TOKEN": "a token"}, env_file=file).warnings

    assert [warning.partition(" ")[0] for warning in warnings] == ["SSL_CERT_FILE"]
    assert {os.environ["SSL_CERT_FILE"], os.environ["REQUESTS_CA_BUNDLE"]} == {str(theirs)}


def test_a_bundle_may_be_a_file_and_what_requests_takes_a_folder_and_either_may_be_empty(tmp_path: Path) -> None:
    bundle = tmp_path / "ca.pem"
    trustme.CA().cert_pem.write_to_path(bundle)

    assert read(SSL_CERT_FILE=str(bundle), REQUESTS_CA_BUNDLE=str(bundle))
    assert read(SSL_CERT_FILE="", REQUESTS_CA_BUNDLE=str(tmp_path))
    assert read(SSL_CERT_FILE="", REQUESTS_CA_BUNDLE="")


@pytest.mark.parametrize(
    "address",
    [
        "https://[::1",
        "https://acme.example:99999",
        "https://acme.example:port",
        "https://somebody:s3cret@acme.example",
        "https://acme.example#there",
        "https://acme.example?there",
        "https://acme example",
        "https://",
        "https:///path",
    ],
)
@pytest.mark.parametrize(
    "name", ["SALESFORCE_LOGIN_URL", "TENCENT_API_URL", "RELAY_APP_JWKS_URL", "RELAY_ALLOWED_ORIGINS"]
)
def test_an_address_that_cannot_be_asked_is_a_problem_of_its_setting(name: str, address: str) -> None:
    if (name, address) == ("RELAY_APP_JWKS_URL", "https://acme.example?there"):
        pytest.skip("keys may be anywhere on a server")
    [problem] = problems({**REQUIRED, name: address})
    assert problem.startswith(name)
    assert "s3cret" not in problem


def test_a_number_that_is_too_long_is_a_problem() -> None:
    assert problems({**REQUIRED, "TENCENT_SDK_APP_ID": "9" * 5000})[0].startswith("TENCENT_SDK_APP_ID must be")


def test_several_wrong_origins_are_one_problem() -> None:
    assert len(problems({**REQUIRED, "RELAY_ALLOWED_ORIGINS": "a.example,b.example"})) == 1


def test_settings_do_not_change() -> None:
    with pytest.raises(AttributeError):
        read().port = 1  # type: ignore[misc]
