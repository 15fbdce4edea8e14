"""The two servers side by side: how each is started, and how long that takes."""

import http.client
import os
import secrets
import shlex
import shutil
import socket
import subprocess
import time
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

from bench.processes import ROOT, SERVER_CPU, Process
from bench.scenarios import Credential, fixed, jwt
from bench.stand_in import StandIn

TUTORIAL = ROOT / "bench" / "tutorial"
PATIENCE = 30  # seconds for a server to start
SDK_APP_ID = "1400000000"
TENCENT_KEY = secrets.token_hex(32)
JWT_SECRET, API_KEY, CALLOUT_SECRET = (secrets.token_urlsafe(36) for _ in range(3))
OURS, THEIRS = "relay", "tutorial"


class Server(NamedTuple):
    """One running server."""

    name: str
    process: Process
    port: int
    start_seconds: float


class Launch(NamedTuple):
    """How to start a server: the command, its settings, and the path that answers once it is up."""

    name: str
    command: list[str]
    settings: dict[str, str]
    ready: tuple[str, int]


def relay(command: str, stand_in: StandIn, directory: Path) -> Launch:
    """Our server with everything on, and a database that does not exist yet."""
    settings = {
        "SALESFORCE_LOGIN_URL": stand_in.salesforce,
        "SALESFORCE_CLIENT_ID": "bench-client",
        "SALESFORCE_CLIENT_SECRET": secrets.token_hex(32),
        "TENCENT_SDK_APP_ID": SDK_APP_ID,
        "TENCENT_SECRET_KEY": TENCENT_KEY,
        "TENCENT_API_URL": stand_in.tencent,
        "TENCENT_CALLBACK_TOKEN": secrets.token_hex(16),
        "RELAY_APP_JWT_SECRET": JWT_SECRET,
        "RELAY_APP_API_KEYS": API_KEY,
        "RELAY_CALLOUT_SECRETS": CALLOUT_SECRET,
        "RELAY_DATABASE_URL": f"sqlite:///{directory}/relay-{secrets.token_hex(4)}.db",
        "SSL_CERT_FILE": str(stand_in.certificate.authority),
        "REQUESTS_CA_BUNDLE": str(stand_in.certificate.authority),
        "HOST": "127.0.0.1",
    }
    return Launch(OURS, shlex.split(command), settings, ("/healthz", 200))


def tutorial(stand_in: StandIn) -> Launch:
    """The tutorial's server; any answer shows that it is up."""
    settings = {
        "SALESFORCE_URL": stand_in.salesforce,
        "TENCENT_URL": stand_in.tencent,
        "SDK_APP_ID": SDK_APP_ID,
        "SECRET_KEY": TENCENT_KEY,
        "ADMIN_ID": "administrator",
        "NODE_EXTRA_CA_CERTS": str(stand_in.certificate.authority),
        "NODE_ENV": "production",
    }
    return Launch(THEIRS, ["node", str(TUTORIAL / "server.js")], settings, ("/", 404))


def start(launch: Launch, directory: Path, cpus: set[int] = SERVER_CPU) -> Server:
    """Start it on a free port and wait until it answers."""
    port = _free_port()
    environment = {**surroundings(), **launch.settings, "PORT": str(port)}
    begun = time.perf_counter()
    process = Process(launch.command, environment, cpus, directory, directory / f"{launch.name}.log")
    try:
        _wait_until_up(process, port, *launch.ready)
    except BaseException:
        process.end()
        raise
    return Server(launch.name, process, port, time.perf_counter() - begun)


def app_credential(auth: str) -> Credential:
    """How the app shows who it is: by a token per user, or by the key of a trusted back end."""
    return jwt(JWT_SECRET) if auth == "jwt" else fixed(API_KEY)


def org_credential() -> Credential:
    """How Salesforce shows who it is."""
    return fixed(CALLOUT_SECRET)


def install_tutorial() -> str:
    """Install the tutorial's packages on the first run; the reason why it cannot be run, or an empty string."""
    missing = [name for name in ("node", "npm") if shutil.which(name) is None]
    if missing:
        return f"{' and '.join(missing)} not found: install Node.js 18 or newer to compare with the tutorial's server"
    installed, lock = TUTORIAL / "node_modules" / ".package-lock.json", TUTORIAL / "package-lock.json"
    if installed.exists() and installed.stat().st_mtime >= lock.stat().st_mtime:
        return ""
    command = ["npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"]
    done = subprocess.run(command, cwd=TUTORIAL, capture_output=True, text=True, check=False)
    return "" if done.returncode == 0 else f"`npm ci` in bench/tutorial failed:\n{done.stderr.strip()}"


def surroundings() -> Mapping[str, str]:
    """What every process is given of our own environment."""
    return {name: os.environ[name] for name in ("PATH", "HOME", "LANG", "TMPDIR") if name in os.environ}


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def _wait_until_up(process: Process, port: int, path: str, status: int) -> None:
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline and process.running():
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
        try:
            connection.request("GET", path)
            if connection.getresponse().status == status:
                return
        except OSError:
            pass
        finally:
            connection.close()
        time.sleep(0.005)
    raise SystemExit(process.complaint())
