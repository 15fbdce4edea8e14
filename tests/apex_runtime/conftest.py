"""An org that lives, with a package deployed to it and somebody who listens to its callouts."""

import asyncio
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path

import httpx
import pytest

from sandbox.apex.runtime import Runtime
from sandbox.journal import Journal
from sandbox.salesforce import Salesforce
from tests.apex_runtime.listener import Listener, listening
from tests.apex_runtime.packages import write
from tests.sandbox.salesforce_client import BASE_URL, signed_in

SECRET = "a-secret-of-the-org"


@pytest.fixture
def relay() -> Iterator[Listener]:
    with listening() as listener:
        yield listener


class LivingOrg:
    """Short words for what tests do to an org."""

    def __init__(self, salesforce: Salesforce, apex: Runtime, http: httpx.AsyncClient) -> None:
        self.salesforce = salesforce
        self.apex = apex
        self.http = http

    @property
    def agent(self) -> str:
        return next(str(row["Id"]) for row in self.salesforce.org.tables.all("User") if row["FirstName"] == "Maria")

    @property
    def integration(self) -> str:
        return self.salesforce.app_settings.run_as

    def case(self, case_id: str) -> dict[str, object]:
        row = self.salesforce.org.tables.get("Case", case_id)
        assert row is not None
        return row

    def jobs(self) -> list[tuple[object, object]]:
        return [(job["name"], job["status"]) for job in self.apex.state()]

    async def do(self, **action: object) -> dict[str, object]:
        return await self.salesforce.do(action)

    async def idle(self) -> None:
        assert await asyncio.to_thread(self.apex.jobs.wait_until_idle)


@asynccontextmanager
async def living(folder: Path, files: Mapping[str, str], relay_url: str) -> AsyncIterator[LivingOrg]:
    salesforce = Salesforce(Journal(), relay_url=relay_url, callout_secret=SECRET, base_url=BASE_URL)
    apex = salesforce.deploy([write(folder, files)])
    await salesforce.start()
    try:
        async with signed_in(salesforce) as http:
            yield LivingOrg(salesforce, apex, http)
    finally:
        await salesforce.stop()
