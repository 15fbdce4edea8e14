"""Logs as JSON lines on standard output; no line holds a secret, a token, a UserSig, or an address with one in it."""

from __future__ import annotations

import io
import json
import logging
import sys
from contextvars import ContextVar
from datetime import UTC, datetime

request_id: ContextVar[str | None] = ContextVar("request_id", default=None)


_ENCODER = json.JSONEncoder(ensure_ascii=False, default=str)


class JsonLines(logging.Formatter):
    """One record as one JSON object: time, level, logger, message, requestId, whatever fields it brings, traceback."""

    def format(self, record: logging.LogRecord) -> str:
        line: dict[str, object] = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage(),
        }
        if identity := request_id.get():
            line["requestId"] = identity
        line.update(getattr(record, "fields", {}))
        if record.exc_info:
            line["traceback"] = self.formatException(record.exc_info)
        return _ENCODER.encode(line)


def configure(level: str = "INFO") -> None:
    """Send every logger's records to standard output as JSON lines.

    httpx logs whole URLs at INFO, and Tencent's carry the admin's UserSig; aiohttp, urllib3 and requests can be as
    talkative: of these only warnings are let through.
    """
    if isinstance(sys.stdout, io.TextIOWrapper):  # half a surrogate pair, which a vendor's JSON may hold, is no UTF-8
        sys.stdout.reconfigure(errors="backslashreplace")
    # whoever reads the log may go away, its disk may be full: then nobody wants a traceback for each line
    logging.raiseExceptions = False
    handler = logging.StreamHandler(sys.stdout)
    handler.setFormatter(JsonLines())
    logging.root.handlers = [handler]
    logging.root.setLevel(level)
    for name in ("httpx", "httpcore", "aiohttp", "urllib3", "requests", "asyncio", "yoyo"):
        logging.getLogger(name).setLevel(logging.WARNING)
    for name in ("uvicorn", "uvicorn.error", "uvicorn.access"):
        logging.getLogger(name).handlers = []
        logging.getLogger(name).propagate = True
