"""Platform classes by subject; importing this package knows them all."""

from sandbox.apex.library import (
    async_jobs,
    collections,
    crypto,
    database,
    events,
    http,
    json,
    moments,
    numbers,
    objects,
    people,
    schema,
    strings,
    system,
    testing,
    types,
)
from sandbox.apex.library.base import LIBRARY

__all__ = [
    "LIBRARY",
    "async_jobs",
    "collections",
    "crypto",
    "database",
    "events",
    "http",
    "json",
    "moments",
    "numbers",
    "objects",
    "people",
    "schema",
    "strings",
    "system",
    "testing",
    "types",
]
