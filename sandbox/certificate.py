"""A throwaway certificate authority and its certificate for localhost and 127.0.0.1."""

import os
from dataclasses import dataclass
from pathlib import Path

import trustme


@dataclass(frozen=True, slots=True)
class Certificate:
    """Paths of the authority to trust, and of the server's certificate chain with its key."""

    authority: Path
    chain_and_key: Path


def issue_certificate(directory: Path) -> Certificate:
    """Write a new certificate into the directory, readable by its owner alone."""
    directory.mkdir(parents=True, exist_ok=True, mode=0o700)
    authority = trustme.CA(organization_name="sandbox", organization_unit_name="throwaway")
    server = authority.issue_cert("localhost", "127.0.0.1")
    certificate = Certificate(directory.absolute() / "ca.pem", directory.absolute() / "server.pem")
    write_private(certificate.authority, authority.cert_pem.bytes())
    write_private(certificate.chain_and_key, server.private_key_and_cert_chain_pem.bytes())
    return certificate


def write_private(path: Path, content: bytes) -> None:
    """Put the file there whole or not at all, with mode 0600."""
    path.parent.mkdir(parents=True, exist_ok=True)
    unfinished = path.with_name(f"{path.name}.{os.getpid()}.tmp")
    unfinished.unlink(missing_ok=True)
    with open(os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:  # noqa: PTH123
        file.write(content)
    unfinished.replace(path)
