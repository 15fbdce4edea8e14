"""Both vendors at once, with everything the relay needs to know to use them."""

import contextlib
import secrets
import tempfile
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType
from typing import Protocol

from sandbox.certificate import Certificate, issue_certificate, write_private
from sandbox.control import Control, Faults, Journal, Vendor
from sandbox.env_file import env_text, folder_of, ours_alone
from sandbox.salesforce import Salesforce
from sandbox.server import Server
from sandbox.tencent import Tencent

RELAY_URL = "http://127.0.0.1:3000"


class Emulator(Vendor, Protocol):
    """A vendor that is told its address and then runs."""

    base_url: str

    async def start(self) -> None: ...

    async def stop(self) -> None: ...


class Sandbox:
    """A Salesforce org and a Tencent Chat app on sockets of this machine, while the context lasts.

    `salesforce` and `tencent` are the emulators, the two controls hold their journals and faults, and `environment`
    is what the env file holds. Without a relay_url nobody is called back. allowed_origins: of pages that call it.
    apex: sfdx package directories to deploy to the org; its triggers and jobs then call the relay.
    """

    def __init__(
        self,
        *,
        salesforce_port: int = 0,
        im_port: int = 0,
        relay_url: str | None = None,
        env_file: Path | None = None,
        allowed_origins: str = "",
        apex: Sequence[Path] = (),
    ) -> None:
        self.env_file = env_file
        self._allowed_origins = allowed_origins
        self.environment: dict[str, str] = {}
        self._ports = (salesforce_port, im_port)
        self._callout_secret = secrets.token_urlsafe(32)
        self.salesforce = Salesforce(
            journal := Journal(), relay_url=relay_url or RELAY_URL, callout_secret=self._callout_secret
        )
        if apex:
            self.salesforce.deploy(apex)
        self.salesforce_control = Control(self.salesforce, journal, Faults())
        self.tencent = Tencent(journal := Journal(), relay_url=relay_url)
        self.tencent_control = Control(self.tencent, journal, Faults())
        self._running = contextlib.AsyncExitStack()

    @property
    def salesforce_url(self) -> str:
        return self.salesforce.base_url

    @property
    def im_url(self) -> str:
        return self.tencent.base_url

    def reset(self) -> None:
        """Both as they started: first state, no calls, no faults, the same credentials."""
        self.salesforce_control.reset()
        self.tencent_control.reset()

    async def __aenter__(self) -> "Sandbox":
        async with contextlib.AsyncExitStack() as starting:
            if self.env_file is not None:
                starting.enter_context(ours_alone(self.env_file))
                self.env_file.unlink(missing_ok=True)
            certificate = issue_certificate(self._certificate_directory(starting))
            await self._start(starting, certificate)
            self.environment = self._collect(certificate)
            if self.env_file is not None:
                self.environment["SANDBOX_SALESFORCE_PRIVATE_KEY_FILE"] = str(self._write_key(certificate))
                write_private(self.env_file, env_text(self.environment).encode())
            self._running = starting.pop_all()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        await self._running.aclose()

    async def _start(self, starting: contextlib.AsyncExitStack, certificate: Certificate) -> None:
        servers = []
        for control, port in zip((self.salesforce_control, self.tencent_control), self._ports, strict=True):
            server = Server(control, port, certificate)
            starting.push_async_callback(server.stop)
            servers.append(server)
        emulators: tuple[Emulator, Emulator] = (self.salesforce, self.tencent)
        for vendor, server in zip(emulators, servers, strict=True):
            vendor.base_url = f"https://localhost:{server.port}"
            starting.push_async_callback(vendor.stop)
            await vendor.start()
            await server.start()

    def _certificate_directory(self, starting: contextlib.AsyncExitStack) -> Path:
        if self.env_file is None:
            return Path(starting.enter_context(tempfile.TemporaryDirectory(prefix="sandbox-")))
        return folder_of(self.env_file)

    def _write_key(self, certificate: Certificate) -> Path:
        """For logins by JWT bearer, which a relay takes instead of the client's secret; not both at once."""
        path = certificate.authority.with_name("salesforce.pem")
        write_private(path, self.salesforce.private_key_pem.encode())
        return path

    def _collect(self, certificate: Certificate) -> dict[str, str]:
        return {
            **self.salesforce.environment(),
            **self.tencent.environment(),
            "RELAY_APP_JWT_SECRET": secrets.token_hex(32),
            "RELAY_APP_API_KEYS": secrets.token_urlsafe(32),
            "RELAY_CALLOUT_SECRETS": self._callout_secret,
            **({"RELAY_ALLOWED_ORIGINS": self._allowed_origins} if self._allowed_origins else {}),
            "SSL_CERT_FILE": str(certificate.authority),
            "REQUESTS_CA_BUNDLE": str(certificate.authority),
        }
