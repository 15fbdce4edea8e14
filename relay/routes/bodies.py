"""The bodies that callers send: read with a limit, validated, and refused with the name of the field that is wrong."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import Annotated, Any, TypeVar

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StrictStr, ValidationError
from pydantic_core import ErrorDetails, PydanticCustomError, from_json
from starlette.requests import ClientDisconnect, Request

from relay import ids
from relay.errors import BadRequest, BodyTooLarge, NotJson
from relay.models import CaseInfo

Model = TypeVar("Model", bound=BaseModel)

_MISSING = "is missing"
_TYPES = ("str", "bool", "int", "float", "constrained-str")
_PLAINLY = {
    "string_type": "must be a string",
    "model_type": "must be an object",
    "model_attributes_type": "must be an object",
    "dict_type": "must be an object",
    "list_type": "must be an array",
    "bool_type": "must be true or false",
}
_END_USER = re.compile(r"[A-Za-z0-9_.@-]{1,32}\Z")


def _present(text: str) -> str:
    if not text:
        raise PydanticCustomError("missing", "is missing")
    return text


def _end_user(name: str) -> str:
    if not _END_USER.match(name):
        raise ValueError("must be 1 to 32 of A-Z a-z 0-9 _ . @ - (write a UUID without its dashes: 32 characters)")
    return name


def _record(prefix: str) -> Callable[[str], str]:
    return lambda text: ids.to_18(text, prefix)


def _shown(description: str, pattern: str) -> Any:
    return Field(description=description, json_schema_extra={"pattern": pattern})


def _shown_record(kind: str, prefix: str) -> Any:
    return _shown(f"{kind}, 15 or 18 characters", f"^{prefix}[A-Za-z0-9]{{12}}([A-Za-z0-9]{{3}})?$")


Text = Annotated[StrictStr, AfterValidator(_present)]
CaseId = Annotated[Text, AfterValidator(_record(ids.CASE)), _shown_record("a Case id", ids.CASE)]
AgentId = Annotated[Text, AfterValidator(_record(ids.USER)), _shown_record("a User id", ids.USER)]
OrgId = Annotated[Text, AfterValidator(_record(ids.ORG)), _shown_record("an org id", ids.ORG)]
EndUserId = Annotated[
    Text, AfterValidator(_end_user), _shown("1 to 32 of A-Z a-z 0-9 _ . @ -", "^[A-Za-z0-9_.@-]{1,32}$")
]


class CreateTicket(BaseModel):
    """An end user opens a ticket."""

    userId: EndUserId
    caseInfo: CaseInfo


class UserSigWish(BaseModel):
    """Somebody wants to sign in to the chat."""

    userId: Text
    orgId: OrgId | None = None


class GroupMember(BaseModel):
    """An agent joins or leaves a group."""

    userId: AgentId
    groupId: CaseId
    orgId: OrgId | None = None


class Group(BaseModel):
    """A group is dismissed."""

    groupId: CaseId
    orgId: OrgId | None = None


for _model in (CreateTicket, UserSigWish, GroupMember, Group):
    _model.model_config = ConfigDict(frozen=True)


Wrongs = Sequence[tuple[str, str]]
"""What is wrong in a body, as (path, message)."""


async def read_body(
    request: Request, model: type[Model], *, limit: int, also: Callable[[Any], Wrongs] = lambda _: ()
) -> Model:
    """The request's JSON as the given type. Raises NotJson, BodyTooLarge (limit: bytes) or BadRequest.

    also: what else is wrong with JSON that is refused, so that everything is said at once.
    """
    content_type = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if content_type != "application/json":
        raise NotJson("Send the body as JSON, with Content-Type: application/json")
    sent = _json(await read_bytes(request, limit))
    try:
        return model.model_validate(sent)
    except ValidationError as error:
        raise _bad_request(error, lambda: also(sent)) from None


def end_user(name: str) -> str:
    """The name, if an end user may have it; BadRequest otherwise."""
    try:
        return _end_user(name)
    except ValueError as error:
        raise _wrong("userId", str(error)) from None


def agent(name: str) -> str:
    """The name as an 18-character User id; BadRequest if it is not one."""
    try:
        return ids.to_18(name, ids.USER)
    except ValueError as error:
        raise _wrong("userId", str(error)) from None


def case(name: str) -> str:
    """The name as an 18-character Case id; BadRequest if it is not one."""
    try:
        return ids.to_18(name, ids.CASE)
    except ValueError as error:
        raise _wrong("caseId", str(error)) from None


async def read_bytes(request: Request, limit: int) -> bytes:
    """The request's body; BodyTooLarge, or BadRequest if it was cut off."""
    declared = request.headers.get("content-length", "0")
    if declared.isdecimal() and int(declared) > limit:
        raise BodyTooLarge(f"The body may have at most {limit} bytes")
    body = bytearray()
    try:
        async for chunk in request.stream():
            body += chunk
            if len(body) > limit:
                raise BodyTooLarge(f"The body may have at most {limit} bytes")
    except ClientDisconnect:
        raise BadRequest("The body was cut off") from None
    return bytes(body)


def _json(body: bytes) -> Any:
    """What the body says; NaN and Infinity are none of JSON's words (https://www.rfc-editor.org/rfc/rfc8259#section-6)."""
    try:
        return from_json(body, allow_inf_nan=False)
    except ValueError as error:
        raise BadRequest(f"The body is no JSON: {error}", title="Malformed JSON") from None


def _bad_request(error: ValidationError, also: Callable[[], Wrongs]) -> BadRequest:
    """The first wrong field gives the title; all are named."""
    problems = error.errors(include_url=False, include_context=False)
    if not problems[0]["loc"]:
        return BadRequest("The body must be a JSON object", title="Not a JSON object")
    found = bad_fields(error)
    found += [wrong for wrong in also() if wrong[0] not in dict(found)][:20]
    path, message = found[0]
    return BadRequest(
        "; ".join(f"{name} {text}" for name, text in found),
        title=f"{'Missing' if message == _MISSING else 'Invalid'} {path}",
        fields=tuple(found),
    )


def bad_fields(error: ValidationError) -> list[tuple[str, str]]:
    """What is wrong, as (path, message), each path once."""
    problems = error.errors(include_url=False, include_context=False)[:20]
    return list(dict(map(_field, reversed(problems))).items())[::-1]


def _field(problem: ErrorDetails) -> tuple[str, str]:
    """Where it is, as a path with dots, and what is wrong; null and "" are as missing as nothing at all."""
    path = ".".join(str(step) for step in problem["loc"] if step not in _TYPES)
    if problem["type"] in ("missing", "string_too_short") or problem["input"] is None:
        return path, _MISSING
    if problem["type"] == "extra_forbidden":
        return path, "is not known here; a Case field of your org goes into caseInfo.fields"
    return path, _PLAINLY.get(problem["type"], problem["msg"].removeprefix("Value error, "))


def _wrong(field: str, message: str) -> BadRequest:
    return BadRequest(f"{field} {message}", title=f"Invalid {field}", fields=((field, message),))
