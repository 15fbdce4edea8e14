"""The web console: the customer's page, a Salesforce-like console with the agent's chat, and what happens between."""

from sandbox.console.server import Console

__all__ = ["Console"]
