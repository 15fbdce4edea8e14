"""What the parts of the benchmark that measure the relay alone are given, and what they hand back."""

from pathlib import Path
from typing import Any, NamedTuple

from bench import servers
from bench.ledgers import Ledgers
from bench.processes import SERVER_CPU, run_program
from bench.servers import Launch, Server
from bench.stand_in import StandIn
from bench.tables import Table


class Scale(NamedTuple):
    """How much is measured. watch: seconds for which a recovery is watched, if it does not end before."""

    rounds: int = 2
    seconds: float = 1.5
    tickets: int = 10_000
    cases: int = 200
    watch: float = 6.0


QUICK = Scale(rounds=1, seconds=0.5, tickets=300, cases=20)


class Surroundings(NamedTuple):
    """command: starts the relay."""

    command: str
    directory: Path
    stand_in: StandIn
    ledgers: Ledgers
    scale: Scale

    def launch(self, url: str, **settings: str) -> Launch:
        """A relay on this ledger."""
        launch = servers.relay(self.command, self.stand_in, self.directory)
        return launch._replace(settings={**launch.settings, "RELAY_DATABASE_URL": url, **settings})

    def start(self, url: str, *, cpus: set[int] = SERVER_CPU, **settings: str) -> Server:
        """Start it and wait until it answers."""
        return servers.start(self.launch(url, **settings), self.directory, cpus)

    def move(self, source: str, target: str) -> None:
        """An SQLite ledger that no relay uses into an empty PostgreSQL database, as docs/scaling.md says."""
        settings = {**servers.surroundings(), **self.launch(source).settings}
        run_program("relay", "move-ledger", "--to", target, settings=settings)


class Outcome(NamedTuple):
    """What a part has measured. wrong: what should not have happened. missing: why it could not be measured here."""

    tables: list[Table]
    data: dict[str, Any]
    wrong: list[str]
    missing: str = ""
