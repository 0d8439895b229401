"""The records and messages of TensorBoard's event files, byte by byte."""

from __future__ import annotations

import gzip
import io
import struct

import pytest

from scaling_cli.data.files import tensorboard
from scaling_cli.data.files.tensorboard import masked_crc, read_events
from scaling_cli.errors import DataError


def varint(number):
    out = b""
    while number > 0x7F:
        out += bytes([number & 0x7F | 0x80])
        number >>= 7
    return out + bytes([number])


def field(number, kind, content):
    return varint(number << 3 | kind) + content


def message(number, content):
    return field(number, 2, varint(len(content)) + content)


def record(payload):
    length = struct.pack("<Q", len(payload))
    return length + struct.pack("<I", masked_crc(length)) + payload + bytes(4)


def summary(tag, value):
    return message(5, message(1, message(1, tag.encode()) + value))


def event(step, tag, value):
    return record(field(2, 0, varint(step)) + summary(tag, value))


def simple(value):
    return field(2, 5, struct.pack("<f", value))


def tensor(*parts):
    return message(8, b"".join(parts))


FLOAT, DOUBLE, WHOLE = field(1, 0, varint(1)), field(1, 0, varint(2)), field(1, 0, varint(3))


@pytest.fixture
def rows(tmp_path):
    def read(content):
        path = tmp_path / "events"
        path.write_bytes(content)
        return read_events(str(path))

    return read


@pytest.mark.parametrize("step", [0, 1, 127, 128, 300, 2**31, 2**62])
def test_a_step_of_any_size_is_read(rows, step):
    assert rows(event(step, "loss", simple(2.5))) == [{"step": str(step), "loss": "2.5"}]


@pytest.mark.parametrize(
    ("value", "number"),
    [
        (simple(2.5), "2.5"),
        (tensor(FLOAT, message(4, struct.pack("<f", 1.5))), "1.5"),
        (tensor(DOUBLE, message(4, struct.pack("<d", 0.1))), "0.1"),
        (tensor(FLOAT, message(5, struct.pack("<f", 0.5))), "0.5"),
        (tensor(DOUBLE, message(6, struct.pack("<d", -3.0))), "-3.0"),
    ],
)
def test_each_form_of_a_scalar_is_read(rows, value, number):
    assert rows(event(7, "loss", value)) == [{"step": "7", "loss": number}]


@pytest.mark.parametrize(
    "value",
    [
        tensor(WHOLE, message(4, struct.pack("<f", 1.5))),  # not a float
        tensor(message(4, struct.pack("<f", 1.5))),  # of no type
        tensor(FLOAT, message(4, struct.pack("<2f", 1.5, 2.5))),  # two numbers
        tensor(DOUBLE, message(4, struct.pack("<f", 1.5))),  # half a number
        tensor(FLOAT),
        message(9, b"an image"),
    ],
)
def test_what_is_not_one_number_is_passed_over(rows, value):
    assert rows(event(7, "loss", simple(2.0)) + event(8, "image", value)) == [{"step": "7", "loss": "2.0"}]


def test_a_value_without_a_tag_is_passed_over(rows):
    nameless = record(message(5, message(1, simple(9.0))))
    assert rows(nameless + event(1, "loss", simple(2.0))) == [{"step": "1", "loss": "2.0"}]


def test_the_tags_of_a_step_share_a_row_and_the_later_of_two_values_counts(rows):
    content = (
        event(1, "a", simple(1.0))
        + event(2, "a", simple(2.0))
        + event(1, "b", simple(3.0))
        + event(1, "a", simple(4.0))
    )
    assert rows(content) == [{"step": "1", "a": "4.0", "b": "3.0"}, {"step": "2", "a": "2.0"}]
    both = record(
        field(2, 0, varint(5)) + message(5, b"".join(message(1, message(1, tag) + simple(1.0)) for tag in (b"x", b"y")))
    )
    assert rows(both) == [{"step": "5", "x": "1.0", "y": "1.0"}]


def test_an_event_without_a_step_is_of_step_0(rows):
    assert rows(record(summary("loss", simple(1.0)))) == [{"step": "0", "loss": "1.0"}]


@pytest.mark.parametrize("cut", [1, 4, 5, 15])
def test_a_file_that_is_still_written_is_read_up_to_its_last_whole_record(rows, cut):
    content = event(1, "loss", simple(2.0)) + event(2, "loss", simple(1.0))
    assert rows(content[:-cut]) == [{"step": "1", "loss": "2.0"}]


def test_packed_events_are_read(rows):
    assert rows(gzip.compress(event(1, "loss", simple(2.0)))) == [{"step": "1", "loss": "2.0"}]


@pytest.mark.parametrize(
    "payload",
    [
        field(2, 0, b"\xff"),  # a number cut short
        field(2, 0, b"\xff" * 10 + b"\x01"),  # more than 64 bits
        field(2, 3, b""),  # a group, which nobody writes
        field(5, 2, varint(9) + b"short"),
        field(5, 0, varint(9)),  # a number where a message belongs
        message(5, message(1, message(1, b"loss") + field(2, 5, b"\0\0"))),
        message(5, message(1, message(1, b"loss") + message(2, b"\0\0"))),
    ],
)
def test_a_record_that_is_no_event_is_damage(rows, payload):
    with pytest.raises(DataError, match="is a damaged TensorBoard file"):
        rows(record(payload) + event(1, "loss", simple(1.0)))


def test_fields_of_fixed_width_are_passed_over(rows):
    wall = field(1, 1, struct.pack("<d", 1.7e9)) + field(7, 5, bytes(4))
    content = record(wall + field(2, 0, varint(3)) + summary("loss", simple(1.0)))
    assert rows(content) == [{"step": "3", "loss": "1.0"}]


def test_a_file_without_scalars_says_so(rows):
    with pytest.raises(DataError, match="has no scalars"):
        rows(record(message(3, b"brain.Event:2")))


def test_a_file_is_recognised_by_the_checksum_of_its_first_length():
    recognises = tensorboard.EVENTS.recognises
    start = record(b"payload")
    assert recognises(start)
    assert recognises(start[:12])
    assert not recognises(start[:11])
    assert not recognises(bytes([start[0] ^ 1]) + start[1:])
    for length, is_plausible in ((2**31 - 1, True), (2**31, False)):
        header = struct.pack("<Q", length)
        assert recognises(header + struct.pack("<I", masked_crc(header))) == is_plausible


def test_a_payload_is_read_in_blocks_up_to_its_length():
    assert tensorboard._at_most(io.BytesIO(b"abcdef"), 4) == b"abcd"
    assert tensorboard._at_most(io.BytesIO(b"ab"), 4) == b"ab"
    assert tensorboard._at_most(io.BytesIO(b"ab"), 0) == b""
