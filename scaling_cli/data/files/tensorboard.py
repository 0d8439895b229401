"""TensorBoard event files: scalars by step.

A file is a sequence of TFRecords: length (8 bytes), its checksum (4), payload, its checksum (4). Payloads are `Event`
messages of protocol buffers (tensorflow/core/util/event.proto), of which only step, tag and value are needed here.
Checksums are CRC-32C, rotated and offset ("masked"). Only the checksums of lengths are verified: that is enough to
recognise a file, and to find the end of a file that is still being written.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from typing import BinaryIO

from scaling_cli.data.files.format import BLOCK, Row, opened, whole_files
from scaling_cli.errors import DataError

HEADER = 12  # bytes of a length and its checksum
LONGEST = 2**31  # bytes of a record: more than protocol buffers can hold
POLYNOMIAL = 0x82F63B78  # of CRC-32C, reflected
MASK_DELTA = 0xA282EAD8  # tensorflow/core/lib/hash/crc32c.h
VARINT, FIXED64, BYTES, FIXED32 = 0, 1, 2, 5  # wire types of protocol buffers
EVENT_STEP, EVENT_SUMMARY, SUMMARY_VALUE = 2, 5, 1
VALUE_TAG, VALUE_SIMPLE, VALUE_TENSOR = 1, 2, 8
TENSOR_TYPE, TENSOR_CONTENT, TENSOR_FLOATS, TENSOR_DOUBLES = 1, 4, 5, 6
FLOAT, DOUBLE = 1, 2  # element types of a tensor


def masked_crc(data: bytes) -> int:
    """The checksum that TFRecords carry."""
    crc = 0xFFFFFFFF
    for byte in data:
        crc ^= byte
        for _ in range(8):
            crc = (crc >> 1) ^ (POLYNOMIAL & -(crc & 1))
    crc ^= 0xFFFFFFFF
    return (((crc >> 15) | (crc << 17)) + MASK_DELTA) & 0xFFFFFFFF


def _length(header: bytes) -> int | None:
    """The length of the payload that follows; None where the header is cut short or damaged."""
    if len(header) < HEADER:
        return None
    length, checksum = struct.unpack("<QI", header[:HEADER])
    is_plausible = length < LONGEST  # text rarely is, so most text needs no checksum
    return int(length) if is_plausible and checksum == masked_crc(header[:8]) else None


def _payloads(file: BinaryIO) -> Iterator[bytes]:
    while (length := _length(file.read(HEADER))) is not None:
        payload = _at_most(file, length)
        if len(payload) < length or len(file.read(4)) < 4:
            return
        yield payload


def _at_most(file: BinaryIO, length: int) -> bytes:
    """Up to `length` bytes; a length that only a damaged file claims takes no memory."""
    blocks = []
    while length > 0 and (block := file.read(min(length, BLOCK))):
        blocks.append(block)
        length -= len(block)
    return b"".join(blocks)


def _fields(message: bytes) -> Iterator[tuple[int, int | bytes]]:
    """The number and value of each field: an integer for a varint, else its bytes."""
    at = 0
    while at < len(message):
        key, at = _varint(message, at)
        kind = key & 7
        value: int | bytes
        if kind == VARINT:
            value, at = _varint(message, at)
        else:
            if kind == BYTES:
                size, at = _varint(message, at)
            elif kind in (FIXED32, FIXED64):
                size = 4 if kind == FIXED32 else 8
            else:
                raise ValueError("unknown wire type")
            value, at = message[at : at + size], at + size
            if at > len(message):
                raise ValueError("field beyond the message")
        yield key >> 3, value


def _varint(message: bytes, at: int) -> tuple[int, int]:
    value = shift = 0
    while True:
        if at >= len(message) or shift > 63:
            raise ValueError("cut short")
        byte = message[at]
        value |= (byte & 0x7F) << shift
        at, shift = at + 1, shift + 7
        if byte < 0x80:
            return value, at


def _bytes(value: int | bytes) -> bytes:
    if isinstance(value, int):
        raise ValueError("a number where a message belongs")
    return value


def _scalars(event: bytes) -> Iterator[tuple[int, str, float]]:
    step, summaries = 0, []
    for number, value in _fields(event):
        if number == EVENT_STEP and isinstance(value, int):
            step = value
        elif number == EVENT_SUMMARY:
            summaries += [_bytes(inner) for field, inner in _fields(_bytes(value)) if field == SUMMARY_VALUE]
    for summary in summaries:
        fields = dict(_fields(summary))
        amount = _amount(fields)
        if VALUE_TAG in fields and amount is not None:
            yield step, _bytes(fields[VALUE_TAG]).decode(errors="replace"), amount


def _amount(fields: dict[int, int | bytes]) -> float | None:
    """The number in a summary, in either of the two forms in which TensorBoard writes scalars."""
    if VALUE_SIMPLE in fields:
        return float(struct.unpack("<f", _bytes(fields[VALUE_SIMPLE]))[0])
    if VALUE_TENSOR not in fields:
        return None
    tensor = dict(_fields(_bytes(fields[VALUE_TENSOR])))
    code = {FLOAT: "<f", DOUBLE: "<d"}.get(tensor.get(TENSOR_TYPE, 0))  # type: ignore[arg-type]
    values = tensor.get(TENSOR_CONTENT) or tensor.get(TENSOR_FLOATS) or tensor.get(TENSOR_DOUBLES)
    if code is None or not isinstance(values, bytes) or len(values) != struct.calcsize(code):
        return None  # a histogram, an image or text
    return float(struct.unpack(code, values)[0])


def read_events(path: str) -> list[Row]:
    """One row per step, one column per tag; a tag written twice at a step keeps the later value.

    Raises:
        DataError: The file is damaged, or has no scalars yet.
    """
    with open(path, "rb") as begun:
        start = begun.read(2)
    steps: dict[int, dict[str, str | None]] = {}
    try:
        with opened(path, start) as file:
            for payload in _payloads(file):  # type: ignore[arg-type]
                for step, tag, amount in _scalars(payload):
                    steps.setdefault(step, {"step": str(step)})[tag] = repr(amount)
    except (ValueError, struct.error):
        raise DataError(
            f"{path} is a damaged TensorBoard file.", hint="Copy the file again, or leave it out."
        ) from None
    if not steps:
        raise DataError(f"{path} has no scalars.", hint="Check that the job has logged any, or leave the file out.")
    return list(steps.values())


EVENTS = whole_files(lambda head: _length(head) is not None, read_events, one_run=True)
