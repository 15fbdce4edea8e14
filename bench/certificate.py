"""A throwaway authority and a certificate for localhost, made anew for each run."""

from pathlib import Path
from typing import NamedTuple

import trustme


class Certificate(NamedTuple):
    """Where the two files lie: what the server shows, and what the clients trust."""

    server: Path
    authority: Path


def make_certificate(directory: Path) -> Certificate:
    """Write both files into the directory."""
    authority = trustme.CA()
    made = Certificate(directory / "server.pem", directory / "authority.pem")
    authority.issue_cert("localhost", "127.0.0.1").private_key_and_cert_chain_pem.write_to_path(str(made.server))
    authority.cert_pem.write_to_path(str(made.authority))
    return made
