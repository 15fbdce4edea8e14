"""`python -m sandbox up` starts both vendors, says where they are, and stops when it is told to."""

import asyncio
import os
import signal
import socket
import ssl
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import jwt
import pytest

from sandbox.command_line import main
from sandbox.env_file import env_text
from sandbox.tencent.usersig import make_user_sig
from sandbox.up import Sandbox

pytestmark = pytest.mark.anyio

NAMES = {
    "SALESFORCE_LOGIN_URL",
    "SALESFORCE_CLIENT_ID",
    "SALESFORCE_CLIENT_SECRET",
    "SANDBOX_SALESFORCE_USERNAME",
    "SANDBOX_SALESFORCE_PASSWORD",
    "TENCENT_SDK_APP_ID",
    "TENCENT_SECRET_KEY",
    "TENCENT_ADMIN_ID",
    "TENCENT_API_URL",
    "TENCENT_CALLBACK_TOKEN",
    "RELAY_APP_JWT_SECRET",
    "RELAY_APP_API_KEYS",
    "RELAY_CALLOUT_SECRETS",
    "SSL_CERT_FILE",
    "REQUESTS_CA_BUNDLE",
}


def client(environment: dict[str, str]) -> httpx.AsyncClient:
    return httpx.AsyncClient(verify=ssl.create_default_context(cafile=environment["SSL_CERT_FILE"]))


def read(env_file: Path) -> dict[str, str]:
    return dict(line.split("=", 1) for line in env_file.read_text().splitlines())


@contextmanager
def running(*arguments: str) -> Iterator[subprocess.Popen[str]]:
    command = [sys.executable, "-m", "sandbox", "up", *arguments]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        try:
            yield process
        finally:
            process.kill()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
async def test_the_command_writes_the_settings_answers_over_tls_and_stops_cleanly(
    tmp_path: Path, number: signal.Signals
) -> None:
    env_file = tmp_path / "new" / "env"
    with running("--env-file", str(env_file), "--no-console", "--im-port", "0") as process:
        assert process.stdout is not None
        lines = [await asyncio.to_thread(process.stdout.readline) for _ in range(3)]
        environment = read(env_file)
        assert environment.keys() >= NAMES
        assert environment["SALESFORCE_LOGIN_URL"] in lines[0]
        assert environment["TENCENT_API_URL"] in lines[1]
        async with client(environment) as http:
            for name in ("SALESFORCE_LOGIN_URL", "TENCENT_API_URL"):
                for url in (environment[name], environment[name].replace("localhost", "127.0.0.1")):
                    assert (await http.get(f"{url}/__sandbox__/calls")).json() == []
        process.send_signal(number)
        output, errors = await asyncio.to_thread(process.communicate)
        assert (process.returncode, output, errors) == (0, "", "")


async def test_secrets_are_new_each_time_and_readable_by_their_owner_alone(tmp_path: Path) -> None:
    env_file = tmp_path / "env"
    async with Sandbox(env_file=env_file) as first:
        assert read(env_file) == first.environment
        assert len(first.environment["RELAY_APP_JWT_SECRET"]) >= 32
        files = [env_file, *env_file.with_name("env.d").iterdir()]
        assert {path.stat().st_mode & 0o777 for path in files} == {0o600}
        assert len(files) == 5
    async with Sandbox() as second:
        fixed = {"TENCENT_ADMIN_ID", "SANDBOX_SALESFORCE_USERNAME"}
        assert {name for name in NAMES if first.environment[name] == second.environment[name]} <= fixed


def assertion_of(settings: dict[str, str]) -> str:
    key = Path(settings["SANDBOX_SALESFORCE_PRIVATE_KEY_FILE"]).read_text()
    user, login = settings["SANDBOX_SALESFORCE_USERNAME"], settings["SALESFORCE_LOGIN_URL"]
    claims = {"iss": settings["SALESFORCE_CLIENT_ID"], "sub": user, "aud": login, "exp": int(time.time()) + 120}
    return jwt.encode(claims, key, algorithm="RS256")


async def test_the_key_beside_the_settings_logs_in_by_jwt_bearer(tmp_path: Path) -> None:
    async with Sandbox(env_file=tmp_path / "env"):
        settings = read(tmp_path / "env")
        form = {"grant_type": "urn:ietf:params:oauth:grant-type:jwt-bearer", "assertion": assertion_of(settings)}
        oauth = f"{settings['SALESFORCE_LOGIN_URL']}/services/oauth2"
        async with client(settings) as http:
            token = (await http.post(f"{oauth}/token", data=form)).json()["access_token"]
            mine = await http.get(f"{oauth}/userinfo", headers={"Authorization": f"Bearer {token}"})
    assert mine.json()["preferred_username"] == settings["SANDBOX_SALESFORCE_USERNAME"]


async def test_an_old_env_file_is_gone_until_both_servers_accept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    env_file = tmp_path / "env"
    env_file.write_text("STALE=1\n")
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        with pytest.raises(OSError, match="cannot be used"):
            await Sandbox(im_port=taken.getsockname()[1], env_file=env_file).__aenter__()
    assert not env_file.exists()


@pytest.mark.parametrize("which", ["salesforce", "im", "console"])
def test_a_busy_port_is_named_with_its_cure(tmp_path: Path, capsys: pytest.CaptureFixture[str], which: str) -> None:
    env_file = tmp_path / "env"
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        assert main(["up", f"--{which}-port", str(port), "--env-file", str(env_file)]) == 1
    error = capsys.readouterr().err
    assert str(port) in error
    assert "0 for any free one" in error
    assert error.count("\n") == 1
    assert not env_file.exists()


async def test_both_on_one_port_is_refused() -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    with pytest.raises(OSError, match=f"port {port} cannot be used"):
        async with Sandbox(salesforce_port=port, im_port=port):
            pass


@pytest.mark.parametrize("folder", ["a folder", "it's", "two  $HOME", "#1 ; `id`", 'a "quoted" \\ one'])
async def test_a_shell_reads_the_settings_of_any_folder(tmp_path: Path, folder: str) -> None:
    env_file = tmp_path / folder / "env"
    async with Sandbox(env_file=env_file) as sandbox:
        script = 'set -a; . "$0"; printf "%s\n" "$SSL_CERT_FILE" "$TENCENT_SECRET_KEY"'
        said = await asyncio.to_thread(subprocess.run, ["sh", "-c", script, str(env_file)], capture_output=True)
        wanted = [str(tmp_path / folder / "env.d" / "ca.pem"), sandbox.environment["TENCENT_SECRET_KEY"]]
        assert (said.stdout.decode().splitlines(), said.stderr) == (wanted, b"")


async def test_a_second_sandbox_leaves_the_first_ones_settings_alone(tmp_path: Path) -> None:
    env_file = tmp_path / "env"
    with running("--env-file", str(env_file), "--no-console") as first:
        assert first.stdout is not None
        for _ in range(3):
            await asyncio.to_thread(first.stdout.readline)
        settings = env_file.read_text()
        with running("--env-file", str(env_file), "--no-console") as second:
            out, err = await asyncio.to_thread(second.communicate, timeout=20)
        assert (second.returncode, out) == (1, "")
        assert err == (
            f"sandbox: {env_file} is another sandbox's, process {first.pid};"
            " stop that one, or name another file with --env-file\n"
        )
        assert env_file.read_text() == settings
        first.kill()
    async with Sandbox(env_file=env_file):
        assert env_file.read_text() != settings, "a dead one's are nobody's"


def test_ctrl_c_while_the_command_is_still_loading_is_no_traceback(tmp_path: Path) -> None:
    (tmp_path / "uvloop.py").write_text("import time; print('loading', flush=True); time.sleep(20)")
    root = str(Path(__file__).parents[2])
    command = [sys.executable, "-c", "import runpy; runpy.run_module('sandbox', run_name='__main__')", "up"]
    environment = {**os.environ, "PYTHONPATH": f"{tmp_path}{os.pathsep}{root}"}
    with subprocess.Popen(
        command, cwd=tmp_path, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "loading\n"
        process.send_signal(signal.SIGINT)
        _, err = process.communicate(timeout=20)
    assert (process.returncode, err) == (130, "")


def test_settings_that_need_no_quotes_have_none() -> None:
    settings = {
        "A": "https://localhost:1",
        "B": "x,http://127.0.0.1:2",
        "C": "/tmp/ca-1_2.pem",
        "D": "a=b+c/d%e@f",
        "E": "",
    }
    assert env_text(settings) == "".join(f"{name}={value}\n" for name, value in settings.items())


async def test_the_customers_page_goes_with_a_sandbox_that_was_killed(tmp_path: Path) -> None:
    with running("--env-file", str(tmp_path / "env")) as process:
        assert process.stdout is not None
        lines = [await asyncio.to_thread(process.stdout.readline) for _ in range(3)]
        async with httpx.AsyncClient() as http:
            page = lines[2].split()[-1]
            assert (await http.get(page)).status_code == 200
            process.kill()
            deadline = time.monotonic() + 10
            while time.monotonic() < deadline:
                try:
                    await http.get(page)
                except httpx.TransportError:
                    return
                await asyncio.sleep(0.05)
    raise AssertionError(f"{page} still answers")


@pytest.mark.parametrize(
    "arguments",
    [
        [],
        ["fly"],
        ["up", "--im-port", "x"],
        ["up", "--im-port", "²"],
        ["up", "x"],
        ["up", "--relay-url", "x"],
        ["up", "--relay-url", "http://"],
        ["up", "--relay-url", "http://127.0.0.1:99999"],
        ["up", "--relay-url", "http://127.0.0.1/?x=1"],
    ],
)
def test_wrong_usage_is_explained(
    arguments: list[str], capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("uvloop.run", lambda starting: starting.close())
    with pytest.raises(SystemExit) as caught:
        main(arguments)
    assert caught.value.code == 2
    assert "usage" in capsys.readouterr().err


async def test_in_one_process_the_emulators_can_be_looked_into() -> None:
    async with Sandbox() as sandbox, client(sandbox.environment) as http:
        now = int(time.time())
        sig = make_user_sig(
            sandbox.tencent.sdk_app_id, sandbox.tencent.secret_key, "administrator", time=now, expire=60
        )
        query = {
            "sdkappid": sandbox.environment["TENCENT_SDK_APP_ID"],
            "identifier": "administrator",
            "usersig": sig,
            "random": "1",
            "contenttype": "json",
        }
        url = f"{sandbox.im_url}/v4/im_open_login_svc/account_import"
        assert (await http.post(url, params=query, json={"UserID": "u"})).json()["ErrorCode"] == 0
        assert "u" in sandbox.tencent.chat.accounts
        sandbox.reset()
        assert "u" not in sandbox.tencent.chat.accounts


def test_the_help_gives_no_default_to_what_is_switched_off(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["up", "--help"])
    said = " ".join(capsys.readouterr().out.split())

    assert "no web console" in said
    assert "(default: True)" not in said
    assert "(default: .sandbox/env)" in said
