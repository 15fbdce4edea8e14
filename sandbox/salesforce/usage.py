"""The org's daily allowance of API requests: counted, told in a header, and refused when it is used up."""

from __future__ import annotations

from dataclasses import dataclass

from sandbox.salesforce.errors import refuse

FULL_SANDBOX = 5_000_000


@dataclass
class Usage:
    limit: int = FULL_SANDBOX
    used: int = 0

    def count(self) -> None:
        if self.used >= self.limit:
            raise refuse("REQUEST_LIMIT_EXCEEDED")
        self.used += 1

    def header(self) -> dict[str, str]:
        """https://developer.salesforce.com/docs/atlas.en-us.api_rest.meta/api_rest/headers_api_usage.htm"""
        return {"Sforce-Limit-Info": f"api-usage={self.used}/{self.limit}"}
