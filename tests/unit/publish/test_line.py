"""A record as one line."""

import json

from monitor.model.event import Logged
from monitor.publish.line import line
from monitor.testing.builders import record


def test_json_value_stands_as_it_is() -> None:
    """The keys in their order, the value byte for byte."""
    made = record(1)

    text = line(Logged(7, made))

    assert list(json.loads(text)) == ["seq", "topic", "key", "headers", "value"]
    assert json.loads(text)["headers"] == dict(made.headers)
    assert text.startswith(b'{"seq":7,"topic":"news.articles","key":"article-1","headers":{')
    assert text.endswith(b',"value":' + made.value + b"}")


def test_other_values_are_strings() -> None:
    """A dead letter holds whatever the document had, also what is no text."""
    letter = record(1, headers=(("__news.errors.stage", "read"),), value=b'<item>\n"\xff\x00')

    text = line(Logged(1, letter))

    assert b"\n" not in text
    assert json.loads(text)["value"] == '<item>\n"\ufffd\x00'


def test_a_value_on_several_lines_becomes_one() -> None:
    """A line is a line."""
    text = line(Logged(1, record(1, value=b'{\n "a": "b\\n"\n}')))

    assert text.endswith(b'"value":{"a":"b\\n"}}')
