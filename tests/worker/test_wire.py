"""The frame parser under everything that a broken or hostile other side may send, and errors across the wire."""

from __future__ import annotations

import json
import struct

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scumble import errors
from scumble.errors import ScumbleError
from scumble.worker.wire import (
    MOST_PAYLOAD_BYTES,
    PROTOCOL,
    FrameReader,
    WireError,
    error_as_message,
    error_from_message,
    field,
    frame_from_message,
)

plain = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**53), 2**53)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=12,
)
messages = st.dictionaries(st.text(min_size=1), plain, max_size=6)


def raw_frame(payload: bytes, *, magic: bytes = b"Sc", version: int = PROTOCOL, zero: int = 0) -> bytes:
    return struct.pack("<2sBBI", magic, version, zero, len(payload)) + payload


@given(st.lists(messages, max_size=5), st.data())
@settings(max_examples=150, deadline=None)
def test_messages_arrive_whole_and_in_order_however_they_are_cut(
    sent: list[dict[str, object]], data: st.DataObject
) -> None:
    stream = b"".join(frame_from_message(message) for message in sent)
    reader, got, at = FrameReader(), [], 0
    while at < len(stream):
        size = data.draw(st.integers(1, max(1, len(stream) - at)))
        got += reader.feed(stream[at : at + size])
        at += size
    assert got == sent


@given(st.binary(max_size=300), st.integers(1, 50))
@settings(max_examples=500, deadline=None)
def test_any_bytes_give_messages_or_a_typed_refusal(noise: bytes, size: int) -> None:
    reader, got, refusal = FrameReader(), [], "host.wire"
    try:
        for at in range(0, len(noise), size):
            got += reader.feed(noise[at : at + size])
    except WireError as error:
        refusal = error.code
    assert refusal in ("host.wire", "host.protocol")
    assert all(isinstance(message, dict) for message in got)


@given(messages, st.data())
@settings(max_examples=300, deadline=None)
def test_a_changed_byte_is_a_message_or_a_typed_refusal(message: dict[str, object], data: st.DataObject) -> None:
    frame = bytearray(frame_from_message(message))
    frame[data.draw(st.integers(0, len(frame) - 1))] ^= data.draw(st.integers(1, 255))
    outcome = ""
    try:
        outcome = str(type(FrameReader().feed(bytes(frame))))
    except WireError as error:
        outcome = error.code
    assert outcome in ("<class 'list'>", "host.wire", "host.protocol")


BAD_PAYLOADS = {
    "no JSON": b"{",
    "a list": b"[]",
    "NaN": b'{"a": NaN}',
    "infinity": b'{"a": -Infinity}',
    "no UTF-8": b'{"a": "\xff"}',
    "nested": b'{"a": ' + b"[" * 200_000 + b"]" * 200_000 + b"}",
    "a number without end": b'{"a": ' + b"9" * 10_000 + b"}",
}


@pytest.mark.parametrize("case", BAD_PAYLOADS)
def test_a_bad_payload_is_refused(case: str) -> None:
    with pytest.raises(WireError) as raised:
        FrameReader().feed(raw_frame(BAD_PAYLOADS[case]))
    assert raised.value.hint


def test_a_frame_beyond_the_limit_is_refused_before_its_payload_comes() -> None:
    head = struct.pack("<2sBBI", b"Sc", PROTOCOL, 0, MOST_PAYLOAD_BYTES + 1)
    with pytest.raises(WireError, match="announced"):
        FrameReader().feed(head)
    with pytest.raises(WireError, match="more than"):
        frame_from_message({"text": "x" * MOST_PAYLOAD_BYTES})


def test_another_protocol_says_what_to_do() -> None:
    with pytest.raises(WireError) as raised:
        FrameReader().feed(raw_frame(b"{}", version=PROTOCOL + 1))
    assert raised.value.code == "host.protocol"
    assert "scumble install" in raised.value.hint


@pytest.mark.parametrize("case", [{"magic": b"GE"}, {"zero": 1}])
def test_what_is_no_frame_is_refused(case: dict[str, bytes | int]) -> None:
    with pytest.raises(WireError):
        FrameReader().feed(raw_frame(b"{}", **case))  # type: ignore[arg-type]


@pytest.mark.parametrize("value", [{1, 2}, float("nan"), object()])
def test_what_is_no_plain_data_is_not_sent(value: object) -> None:
    with pytest.raises(WireError):
        frame_from_message({"value": value})


@pytest.mark.parametrize("name", errors.__all__)
def test_every_error_crosses_the_wire_with_its_class(name: str) -> None:
    error: ScumbleError = getattr(errors, name)("It broke", "Mend it.", "a.code")
    back = error_from_message(json.loads(json.dumps(error_as_message(error))))
    assert type(back) is type(error)
    assert back.as_dict() == error.as_dict()


def test_foreign_errors_become_ours() -> None:
    assert isinstance(error_from_message(error_as_message(MemoryError())), errors.DeviceOutOfMemory)
    fault = error_from_message(error_as_message(ZeroDivisionError("division by zero")))
    assert (type(fault), fault.code) == (ScumbleError, "fault")
    assert "ZeroDivisionError" in fault.message
    assert error_from_message(error_as_message(WireError("x"))).code == "host.wire"


def test_an_error_of_no_known_class_is_refused() -> None:
    with pytest.raises(WireError):
        error_from_message({"kind": "SystemExit", "message": "", "hint": "", "code": ""})


@pytest.mark.parametrize("message", [{}, {"job": "1"}, {"job": True}, {"job": None}])
def test_a_field_of_the_wrong_type_is_refused(message: dict[str, object]) -> None:
    with pytest.raises(WireError, match="job"):
        field(message, "job", int)
