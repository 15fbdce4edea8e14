"""How the runtime fails, apart from exceptions that Apex itself can see."""

from __future__ import annotations


class NotModelled(Exception):
    """The package uses syntax or a platform API that this runtime does not know; nothing was done instead."""


class DoesNotCompile(Exception):
    """A Salesforce org would not accept this source, or not this call."""


class Abandoned(BaseException):
    """The org was reset while a job was away on a callout; whatever the job would do next is void."""
