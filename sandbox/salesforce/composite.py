"""`/composite` and `/composite/graph`: several requests in one, which may refer to each other's answers.

https://developer.salesforce.com/docs/atlas.en-us.api_rest.meta/api_rest/resources_composite_composite.htm
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from urllib.parse import parse_qsl, urlsplit

from sandbox.salesforce import collections
from sandbox.salesforce.errors import ApiError, Refusal, refuse
from sandbox.salesforce.org import Org, with_header
from sandbox.salesforce.resources import RESOURCES
from sandbox.salesforce.web import Answer, Call, Handler, Routes, segments

MOST_SUBREQUESTS, MOST_GRAPHS, MOST_NODES = 25, 75, 500
_REFERENCE = re.compile(r"@\{(\w+)\.([^}]+)\}")
_STEP = re.compile(r"(\w+)|\[(\d+)\]")
_ROLLED_BACK = "The transaction was rolled back since another operation in the same transaction failed."
_HALTED = [{"errorCode": "PROCESSING_HALTED", "message": _ROLLED_BACK}]
_ROUTES = Routes({**RESOURCES, **collections.RESOURCES})

Result = dict[str, object]


class _RollBack(Exception):
    """One subrequest has failed, and all were to succeed or none."""


def composite(org: Org, call: Call) -> Answer:
    body = call.json_object()
    subrequests = _subrequests(body, "compositeRequest")
    if len(subrequests) > MOST_SUBREQUESTS:
        raise refuse("LIMIT_EXCEEDED", f"The Composite API takes no more than {MOST_SUBREQUESTS} subrequests.")
    results = _performed(org, call, subrequests, all_or_none=body.get("allOrNone") is True)
    return Answer(200, {"compositeResponse": results})


def graphs(org: Org, call: Call) -> Answer:
    asked = _subrequests(call.json_object(), "graphs")
    nodes = [_subrequests(graph, "compositeRequest") for graph in asked]
    if len(asked) > MOST_GRAPHS or sum(map(len, nodes)) > MOST_NODES:
        raise refuse("LIMIT_EXCEEDED", f"No more than {MOST_GRAPHS} graphs with {MOST_NODES} nodes together.")
    answers = []
    for graph, subrequests in zip(asked, nodes, strict=True):
        results = _performed(org, call, subrequests, all_or_none=True)
        done = all(_succeeded(result) for result in results)
        response = {"compositeResponse": results}
        answers.append({"graphId": graph.get("graphId"), "graphResponse": response, "isSuccessful": done})
    return Answer(200, {"graphs": answers})


COMPOSITE: dict[str, dict[str, Handler]] = {"composite": {"POST": composite}, "composite/graph": {"POST": graphs}}


def _subrequests(body: Mapping[str, object], name: str) -> list[dict[str, object]]:
    found = body.get(name)
    if not isinstance(found, list) or not found or not all(isinstance(each, dict) for each in found):
        raise refuse("JSON_PARSER_ERROR", f"{name} is required to be a list of objects at [line:1, column:1]")
    return found


def _performed(org: Org, call: Call, subrequests: list[Result], *, all_or_none: bool) -> list[Result]:
    results: list[Result] = []
    try:
        with org.transaction() if all_or_none else org.separately():
            for subrequest in subrequests:
                results.append(_perform(org, call, subrequest, results))
                if all_or_none and not _succeeded(results[-1]):
                    raise _RollBack
    except _RollBack:
        failed = len(results) - 1
        for place, subrequest in enumerate(subrequests):
            if place != failed:
                halted = _result(subrequest, Answer(400, _HALTED))
                results[place : place + 1] = [halted]
    return results


def _perform(org: Org, call: Call, subrequest: Result, before: list[Result]) -> Result:
    try:
        answer = _ROUTES.answer(org, _call(call, subrequest, before))
    except Refusal as refusal:
        answer = Answer(refusal.status, [error.as_rest() for error in refusal.errors])
    return _result(subrequest, answer)


def _call(call: Call, subrequest: Result, before: list[Result]) -> Call:
    answers = {str(result["referenceId"]): result for result in before}
    method, url, reference = (subrequest.get(name) for name in ("method", "url", "referenceId"))
    if not (isinstance(method, str) and isinstance(url, str) and isinstance(reference, str)):
        raise refuse("INVALID_INPUT", "method, url and referenceId are required in every subrequest")
    if reference in answers:
        raise refuse("INVALID_INPUT", f"Duplicate referenceId provided: {reference}. Please provide unique ones")
    parts = urlsplit(str(_resolved(url, answers)))
    path = segments(parts.path)
    if path[:2] != ("services", "data") or len(path) < 3:
        raise refuse("INVALID_INPUT", f"Invalid subrequest url: {url}")
    given = subrequest.get("httpHeaders") or {}
    own = {str(name).lower(): str(value) for name, value in given.items()} if isinstance(given, dict) else {}
    headers = {**call.headers, **own}
    return replace(
        call,
        method=method.upper(),
        path=path[3:],
        query=dict(parse_qsl(parts.query, keep_blank_values=True)),
        headers=headers,
        body=b"",
        parsed=_resolved(subrequest.get("body"), answers),
        parameters={"version": path[2].removeprefix("v")},
        acting=with_header(call.acting.user_id, headers.get("sforce-auto-assign")),
    )


def _resolved(value: object, answers: Mapping[str, Result]) -> object:
    """`value` with every @{reference.path} replaced by what that subrequest answered."""
    if isinstance(value, dict):
        return {name: _resolved(inner, answers) for name, inner in value.items()}
    if isinstance(value, list):
        return [_resolved(inner, answers) for inner in value]
    if not isinstance(value, str):
        return value
    whole = _REFERENCE.fullmatch(value)
    if whole:
        return _referred(whole, answers)
    return _REFERENCE.sub(lambda match: str(_referred(match, answers)), value)


def _referred(match: re.Match[str], answers: Mapping[str, Result]) -> object:
    name, path = match.groups()
    place: object = answers.get(name, {}).get("body")
    for word, index in _STEP.findall(path):
        if word and isinstance(place, dict):
            place = place.get(word)
        elif index and isinstance(place, list) and int(index) < len(place):
            place = place[int(index)]
        else:
            place = None
    if place is None:
        message = f"Invalid reference specified. No value for {name}.{path} found in {name}"
        raise Refusal([ApiError("PROCESSING_HALTED", message)])
    return place


def _result(subrequest: Result, answer: Answer) -> Result:
    headers = {name: value for name, value in answer.headers.items() if name == "Location"}
    reference = subrequest.get("referenceId")
    return {"body": answer.body, "httpHeaders": headers, "httpStatusCode": answer.status, "referenceId": reference}


def _succeeded(result: Result) -> bool:
    status = result["httpStatusCode"]
    return isinstance(status, int) and status < 300
