"""The routes as an OpenAPI 3.1 document, made of the types that validate (https://spec.openapis.org/oas/v3.1.0)."""

from __future__ import annotations

from functools import cache
from importlib.metadata import version
from typing import Any

from pydantic import BaseModel
from pydantic.json_schema import GenerateJsonSchema, models_json_schema
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from relay.routes import answers, bodies, cases, history, webhooks
from relay.routes.problems import MEDIA_TYPE

_REF = "#/components/schemas/{model}"
_Answers = dict[int, tuple[str, type[BaseModel]]]

_APP: dict[str, list[str]] = {"app": []}
_ORG: dict[str, list[str]] = {"org": []}
_TENCENT: dict[str, list[str]] = {"tencent": []}
_KEY: dict[str, Any] = {
    "name": "Idempotency-Key",
    "in": "header",
    "required": False,
    "description": "the same key and body give the same ticket, however often they are sent",
    "schema": {"type": "string", "minLength": 1, "maxLength": 255, "pattern": "^[\\x21-\\x7e]+$"},
}
_TICKET_ID: dict[str, Any] = {
    "name": "ticketId",
    "in": "path",
    "required": True,
    "schema": {"type": "string", "pattern": "^[a-z2-7]{26}$"},
}
_PENDING: _Answers = {202: ("It takes longer and is finished in the background: ask at Location", answers.Pending)}
_QUEUED: _Answers = {202: ("Tencent is away; it is stored and will be done, in order", answers.Queued)}
_PROBLEMS = {
    400: "A field is missing or malformed; it is named",
    401: "No credential, or a bad one",
    403: "Not yours: another user, another org, or a reserved id",
    404: "Unknown",
    409: "This Idempotency-Key was used with other content",
    413: "The body is over the limit (RELAY_MAX_BODY)",
    415: "The body is not JSON",
    422: "Salesforce or Tencent refused the content",
    502: "A vendor answered nonsense, or refused the relay's credentials",
    503: "Not stored, nothing was begun: try again (Retry-After)",
    504: "Nobody knows whether the Case was made",
}
_REQUEST_ID = "X-Request-Id"
_HEADERS = {401: ["WWW-Authenticate"], 503: ["Retry-After"]}
"""What an answer of this status has besides."""
_WHERE = ["Location", "Retry-After"]
_BODY_PROBLEMS = (400, 401, 403, 413, 415)
_VENDOR_PROBLEMS = (422, 502, 503, 504)


class _Untitled(GenerateJsonSchema):
    """Without titles that are the field's name, mangled."""

    def field_title_should_be_set(self, schema: Any) -> bool:  # noqa: ARG002 - the signature is pydantic's
        return False


class OpenApiRoutes:
    """GET /openapi.json."""

    def __init__(self) -> None:
        self._document = _document()
        self.routes = [Route("/openapi.json", self.openapi, methods=["GET"])]

    async def openapi(self, _: Request) -> Response:
        return JSONResponse(self._document)


@cache
def _document() -> dict[str, Any]:
    models = [
        (model, "validation")
        for module in (bodies, cases, history, webhooks, answers)
        for model in vars(module).values()
        if isinstance(model, type)
        and issubclass(model, BaseModel)
        and model is not BaseModel
        and not model.__name__.startswith("_")
    ]
    _, schemas = models_json_schema(models, ref_template=_REF, schema_generator=_Untitled)  # type: ignore[arg-type]
    return {
        "openapi": "3.1.0",
        "info": {"title": "Salesforce chat relay", "version": version("salesforce-chat-relay")},
        "paths": _paths(),
        "components": {
            "schemas": schemas["$defs"],
            "securitySchemes": {
                "app": {"type": "http", "scheme": "bearer", "description": "a JWT of the app's server, or an API key"},
                "org": {"type": "http", "scheme": "bearer", "description": "a callout secret"},
                "tencent": {
                    "type": "apiKey",
                    "in": "query",
                    "name": "Sign",
                    "description": "SHA-256 of TENCENT_CALLBACK_TOKEN and RequestTime, at most a minute old",
                },
            },
        },
    }


def _paths() -> dict[str, Any]:
    ticket: _Answers = {200: ("The Case and the group exist", answers.OpenTicket), **_PENDING}
    member: _Answers = {200: ("Done, or it was so already", answers.MemberChanged), **_QUEUED}
    return {
        "/createticket": {
            "post": _operation(
                "Open a ticket",
                [_APP],
                bodies.CreateTicket,
                ticket,
                (*_BODY_PROBLEMS, 409, *_VENDOR_PROBLEMS),
                parameters=[_KEY],
                name="createTicket",
            )
        },
        "/tickets/{ticketId}": {
            "get": _operation(
                "How a ticket stands",
                [_APP],
                None,
                ticket,
                (400, 401, 403, 404, *_VENDOR_PROBLEMS),
                parameters=[_TICKET_ID],
                name="getTicket",
            )
        },
        "/usersig": {
            "post": _operation(
                "A login to the chat",
                [_APP, _ORG],
                bodies.UserSigWish,
                {200: ("A signed login", answers.Login)},
                (*_BODY_PROBLEMS, 502, 503),
                name="getUserSig",
            )
        },
        "/joingroup": {
            "post": _operation(
                "An agent joins",
                [_ORG],
                bodies.GroupMember,
                member,
                (*_BODY_PROBLEMS, 404, *_VENDOR_PROBLEMS),
                name="joinGroup",
            )
        },
        "/leavegroup": {
            "post": _operation(
                "An agent leaves",
                [_ORG],
                bodies.GroupMember,
                member,
                (*_BODY_PROBLEMS, *_VENDOR_PROBLEMS),
                name="leaveGroup",
            )
        },
        "/deletegroup": {
            "post": _operation(
                "A group is dismissed",
                [_ORG],
                bodies.Group,
                {200: ("It is gone, or never was", answers.GroupDeleted), **_QUEUED},
                (*_BODY_PROBLEMS, *_VENDOR_PROBLEMS),
                name="deleteGroup",
            )
        },
        "/synccases": {
            "post": _operation(
                "The states of up to 200 Cases",
                [_ORG],
                cases.SyncCases,
                {202: ("Stored; applied in order for each Case", answers.CasesAccepted)},
                (*_BODY_PROBLEMS, 502, 503),
                name="syncCases",
            )
        },
        "/history": {
            "post": _operation(
                "What was said in a group before",
                [_APP, _ORG],
                history.HistoryWish,
                {200: ("Messages, the oldest first", answers.Excerpt)},
                (*_BODY_PROBLEMS, 404, 502, 503),
                name="getHistory",
            )
        },
        "/webhooks/im": {
            "post": _operation(
                "Tencent's callbacks",
                [_TENCENT],
                webhooks.Callback,
                {200: ("Stored, or of no interest", answers.Taken)},
                (400, 401, 403, 413, 503),
                parameters=[
                    {"name": name, "in": "query", "required": True, "schema": {"type": "string"}}
                    for name in ("SdkAppid", "RequestTime")
                ],
                name="takeCallback",
            )
        },
        "/healthz": {"get": _operation("Alive", [], None, {200: ("Yes", answers.Alive)}, (), name="getHealth")},
        "/readyz": {
            "get": _operation("Ready", [], None, {200: ("Yes", answers.Readiness)}, (503,), name="getReadiness")
        },
    }


def _operation(
    summary: str,
    security: list[dict[str, list[str]]],
    body: type[BaseModel] | None,
    good: _Answers,
    problems: tuple[int, ...],
    *,
    name: str,
    parameters: list[dict[str, Any]] | None = None,
) -> dict[str, Any]:
    operation: dict[str, Any] = {
        "operationId": name,
        "summary": summary,
        "security": security,
        "parameters": parameters or [],
        "responses": {
            **{
                str(status): _response(status, text, "application/json", model)
                for status, (text, model) in good.items()
            },
            **{str(status): _response(status, _PROBLEMS[status], MEDIA_TYPE, answers.Problem) for status in problems},
        },
    }
    if body is not None:
        operation["requestBody"] = {"required": True, "content": _content("application/json", body)}
    return operation


def _response(status: int, text: str, media_type: str, model: type[BaseModel]) -> dict[str, Any]:
    names = [_REQUEST_ID, *_HEADERS.get(status, ()), *(_WHERE if model is answers.Pending else ())]
    headers = {name: {"required": True, "schema": {"type": "string"}} for name in names}
    return {"description": text, "headers": headers, "content": _content(media_type, model)}


def _content(media_type: str, model: type[BaseModel]) -> dict[str, Any]:
    return {media_type: {"schema": {"$ref": _REF.format(model=model.__name__)}}}
