"""What the documents leave open, as switches: each can be set by `{"switch": {...}}` while the org runs."""

from __future__ import annotations

from dataclasses import dataclass, fields

CHOICES = {"lengthUnit": ("utf16", "codepoint"), "omniAssignsOwner": ("assign", "accept", "never")}


@dataclass
class Switches:
    ticketUnique: bool = True
    """Case.ChatTicket__c is unique; False allows twins, so that the external id can answer 300."""
    lengthUnit: str = "utf16"
    """What a text field's length counts: utf16, codepoint."""
    restrictedPicklists: bool = False
    """Picklists refuse values that are not in their list."""
    explicitOwnerWins: bool = True
    """An OwnerId written in the request stands against an assignment rule that applies as well."""
    assignmentRule: bool = True
    """An assignment rule is active; False leaves the Default Case Owner, which is the queue too."""
    assignTo: str = ""
    """Whom the rule assigns to: a User or queue id; empty means the queue."""
    omniAssignsOwner: str = "accept"
    """When Omni-Channel sets Case.OwnerId to the agent: assign, accept, never."""
    firstPublishLinks: bool = True
    """FirstPublishLocationId makes a ContentDocumentLink."""
    sharedSessions: bool = False
    """A repeated login of the same user and app is given the session that still lives."""
    rotateRefreshTokens: bool = True
    """Each refresh kills the refresh token and gives a new one; replaying a dead one ends the family."""
    loginRateLimit: int = 3600
    """Logins of one user in an hour before more are refused; 0 means no limit."""
    soapLogin: bool = True
    """SOAP login() is allowed in this org (API 31.0 to 64.0)."""
    upsertAnswers204: bool = False
    """An upsert that updates answers 204 without a body in every version, not only up to 45.0."""
    wholeSeconds: bool = False
    """Stamps carry no milliseconds, so that two commits of one second are stamped alike."""
    sessionIdleSeconds: int = 7200
    """How long an unused session lives."""

    runJobs: bool = True
    """Asynchronous Apex runs; False lets it wait."""
    jobDelaySeconds: int = 60
    """How long a minute of an Apex job's delay lasts: 60 is as in Salesforce, 0 is no delay."""

    def turn(self, wanted: dict[str, object]) -> None:
        known = {field.name: type(field.default) for field in fields(self)}
        for name, value in wanted.items():
            if name not in known:
                raise ValueError(f"switch: there is no switch {name!r}; there are {', '.join(sorted(known))}")
            if type(value) is not known[name]:
                raise ValueError(f"switch: {name} takes a {known[name].__name__}, not {value!r}")
            if name in CHOICES and value not in CHOICES[name]:
                raise ValueError(f"switch: {name} takes one of {', '.join(CHOICES[name])}, not {value!r}")
        for name, value in wanted.items():
            setattr(self, name, value)
