"""Tencent Chat fails as its gateway and its documents say."""

from typing import Any

import pytest

from tests.sandbox.tencent_api import GROUP, TencentApi

pytestmark = pytest.mark.anyio

NEW: dict[str, Any] = {"Type": "Public", "Name": "Case", "GroupId": "500A"}


async def fault(im: TencentApi, **body: Any) -> None:
    answer = await im.http.post("/__sandbox__/faults", json=body)
    assert answer.status_code == 200, answer.text


@pytest.mark.parametrize("match", ["create_group", f"{GROUP}/create_group", f"/v4/{GROUP}/create_group"])
async def test_an_error_code_comes_with_http_200_and_its_text(im: TencentApi, match: str) -> None:
    await fault(im, match=match, errorCode=60007)
    answer = await im.group("create_group", **NEW)
    assert answer == {
        "ActionStatus": "FAIL",
        "ErrorCode": 60007,
        "ErrorInfo": "the frequency of this API exceeds the limit",
    }
    assert (await im.group("create_group", **NEW))["ErrorCode"] == 0


async def test_a_time_out_may_come_after_the_work(im: TencentApi) -> None:
    await fault(im, match="create_group", errorCode=60008, after=True)
    assert await im.code("create_group", **NEW) == 60008
    assert await im.code("create_group", **NEW) == 10021


async def test_a_status_is_the_gateways_page(im: TencentApi) -> None:
    await fault(im, match="create_group", status=502)
    answer = await im.http.post(f"/v4/{GROUP}/create_group", params=im.query(), json=NEW)
    assert (answer.status_code, answer.headers["content-type"].split(";")[0]) == (502, "text/html")
    assert "502 Bad Gateway" in answer.text


async def test_a_code_that_tencent_does_not_have_is_refused_when_it_is_ordered(im: TencentApi) -> None:
    answer = await im.http.post("/__sandbox__/faults", json={"match": "create_group", "errorCode": "INVALID_FIELD"})
    assert (answer.status_code, answer.json()) == (400, {"error": "errorCode: Tencent Chat's codes are integers"})
