"""Bodies of requests and responses: protobuf messages in one of two encodings. Pure."""

from __future__ import annotations

import json
import re
from enum import Enum
from typing import TypeVar

from google.protobuf import json_format
from google.protobuf.descriptor import FieldDescriptor
from google.protobuf.message import DecodeError, Message

from signalling.rtc.api.errors import ApiError, Code

M = TypeVar("M", bound=Message)
_BASE64 = re.compile(r"[A-Za-z0-9+/_-]*={0,2}")
"""Both alphabets of RFC 4648, as ProtoJSON allows."""


class Encoding(Enum):
    """By media type."""

    JSON = "application/json"
    PROTOBUF = "application/protobuf"


def encoding_of(content_type: str) -> Encoding | None:
    """The encoding that a `Content-Type` names, parameters aside; None: neither."""
    media_type = content_type.partition(";")[0].strip().lower()
    return next((encoding for encoding in Encoding if encoding.value == media_type), None)


def parse(body: bytes, encoding: Encoding, kind: type[M]) -> M:
    """A request. Fields that this version does not know are ignored, as in LiveKit. Raises `ApiError`."""
    if encoding is Encoding.PROTOBUF:
        try:
            return kind.FromString(body)
        except DecodeError as error:
            raise ApiError(Code.MALFORMED, "the protobuf request could not be decoded") from error
    try:
        fields = json.loads(body)
        if not isinstance(fields, dict):
            raise ValueError("no object")
        _check_bytes(fields, kind)
        return json_format.ParseDict(fields, kind(), ignore_unknown_fields=True)
    except (json_format.ParseError, ValueError, TypeError, OverflowError, RecursionError) as error:
        raise ApiError(Code.MALFORMED, "the json request could not be decoded") from error


def _check_bytes(fields: dict[str, object], kind: type[Message]) -> None:
    """Python's decoder skips what is no base64, so that data would arrive that nobody sent. Raises `ValueError`."""
    for field in kind.DESCRIPTOR.fields:
        if field.type == FieldDescriptor.TYPE_BYTES:
            for name in {field.name, field.json_name}:
                value = fields.get(name)
                if isinstance(value, str) and not _BASE64.fullmatch(value):
                    raise ValueError(f"{name} is no base64")


def render(message: Message, encoding: Encoding) -> bytes:
    """A response. In JSON names are as in the .proto files, and every field is there."""
    if encoding is Encoding.PROTOBUF:
        return message.SerializeToString()
    text = json_format.MessageToJson(
        message, preserving_proto_field_name=True, always_print_fields_with_no_presence=True, indent=None
    )
    return text.encode()
