"""Lines on standard output."""

import io
import json
import os

import pytest

from monitor.adapters.sinks.stdout import StdoutSink
from monitor.errors import Retry
from monitor.model.event import Logged
from monitor.testing.builders import record


async def test_every_script_survives_an_ascii_terminal() -> None:
    """Bytes are written, whatever the stream's encoding."""
    stream = io.TextIOWrapper(io.BytesIO(), encoding="ascii")
    await StdoutSink("stdout", stream).write([Logged(1, record(1))])

    text = stream.buffer.getvalue().decode()  # type: ignore[attr-defined]

    assert text.endswith("\n")
    assert json.loads(text)["value"]["text"] == "Дрони"


async def test_text_streams_work_as_well() -> None:
    """A stream without bytes below it."""
    stream = io.StringIO()
    sink = StdoutSink("stdout", stream)
    await sink.write([Logged(1, record(1)), Logged(2, record(2))])

    assert [json.loads(line)["seq"] for line in stream.getvalue().splitlines()] == [1, 2]
    assert await sink.resume() is None


async def test_reader_that_has_gone() -> None:
    """A broken pipe is no end of the service."""
    reading, writing = os.pipe()
    os.close(reading)
    stream = os.fdopen(writing, "w")
    sink = StdoutSink("stdout", stream)

    with pytest.raises(Retry, match="Broken pipe"):
        await sink.write([Logged(1, record(1))])
    with pytest.raises(BrokenPipeError):
        stream.close()
