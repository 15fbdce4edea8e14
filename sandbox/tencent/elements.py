"""The elements of a message: https://cloud.tencent.com/document/product/269/2720."""

from typing import Any

from sandbox.tencent.errors import Refusal
from sandbox.tencent.shapes import Anything, Kinds, Shape

_FILE: Kinds = {"Download_Flag": int}
_VIDEO: Kinds = {
    "VideoUUID": str,
    "VideoSize": int,
    "VideoSecond": int,
    "VideoFormat": str,
    "VideoDownloadFlag": int,
    "ThumbUUID": str,
    "ThumbSize": int,
    "ThumbWidth": int,
    "ThumbHeight": int,
    "ThumbFormat": str,
    "ThumbDownloadFlag": int,
}
_SHAPES = {
    "TIMTextElem": Shape({"Text": str}),
    "TIMFaceElem": Shape({"Index": int}, {"Data": str}),
    "TIMLocationElem": Shape({"Latitude": Anything, "Longitude": Anything}, {"Desc": str}),
    "TIMCustomElem": Shape(optional={"Data": str, "Desc": str, "Ext": str, "Sound": str}),
    "TIMImageElem": Shape({"UUID": str, "ImageFormat": int, "ImageInfoArray": [Anything]}),
    "TIMSoundElem": Shape({"Url": str, "Size": int, "Second": int, **_FILE}, {"UUID": str}),
    "TIMFileElem": Shape({"Url": str, "FileSize": int, "FileName": str, **_FILE}, {"UUID": str}),
    "TIMVideoFileElem": Shape({"VideoUrl": str, "ThumbUrl": str}, _VIDEO),
}


def check_elements(elements: list[dict[str, Any]]) -> None:
    if not elements:
        raise Refusal(10004, "invalid parameter: MsgBody is empty")
    for element in elements:
        if element["MsgType"] not in _SHAPES:
            raise Refusal(10004, f"invalid parameter: unknown MsgType {element['MsgType']}")
        if not isinstance(element["MsgContent"], dict):
            raise Refusal(10004, "invalid parameter: MsgContent must be an object")
        _SHAPES[element["MsgType"]].check(element["MsgContent"], 10004, "MsgContent.")
    if sum(element["MsgType"] == "TIMCustomElem" for element in elements) > 1:
        raise Refusal(10004, "invalid parameter: more than one TIMCustomElem")
