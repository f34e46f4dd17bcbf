"""What every sink promises: `Sink` of `monitor/ports.py`."""

import io
import json
from collections.abc import Callable
from pathlib import Path

import pytest

from monitor.adapters.sinks.jsonl import JsonlSink
from monitor.adapters.sinks.stdout import StdoutSink
from monitor.errors import Retry
from monitor.model.event import Logged
from monitor.ports import Sink
from monitor.testing.builders import record
from monitor.testing.sinks import CapturingSink


class Target:
    """A sink, what has arrived behind it as (topic, seq), and a way to make it fail."""

    def __init__(self, sink: Sink, arrived: Callable[[], list[tuple[str, int]]], breaks: Callable[[], None]) -> None:
        self.sink, self.arrived, self.breaks = sink, arrived, breaks


def capturing(_folder: Path) -> Target:
    """The fake."""
    sink = CapturingSink("sink", remembers=True)
    return Target(sink, lambda: [(one.record.topic, one.seq) for one in sink.records], sink.fail)


def jsonl(folder: Path) -> Target:
    """Files."""
    place = folder / "events"

    def arrived() -> list[tuple[str, int]]:
        lines = [line for path in sorted(place.glob("*.jsonl")) for line in path.read_text().splitlines()]
        return [(one["topic"], one["seq"]) for one in map(json.loads, lines)]

    return Target(JsonlSink("sink", place), arrived, lambda: (folder / "events").write_text("in the way") and None)


def stdout(_folder: Path) -> Target:
    """A stream."""
    stream = io.TextIOWrapper(io.BytesIO(), encoding="ascii")

    def arrived() -> list[tuple[str, int]]:
        text = stream.buffer.getvalue().decode()  # type: ignore[attr-defined]
        return [(one["topic"], one["seq"]) for one in map(json.loads, text.splitlines())]

    return Target(StdoutSink("sink", stream), arrived, stream.close)


KINDS = {"capturing": capturing, "jsonl": jsonl, "stdout": stdout}


@pytest.fixture(params=list(KINDS))
def target(request: pytest.FixtureRequest, tmp_path: Path) -> Target:
    """One of each kind."""
    return KINDS[request.param](tmp_path)


def logged(*numbers: int, topic: str = "news.articles") -> list[Logged]:
    """Records of one topic."""
    return [Logged(number, record(number, topic)) for number in numbers]


async def test_written_records_have_arrived_in_order(target: Target) -> None:
    """All of them, when `write` returns, topic by topic in order."""
    mixed = sorted(logged(1, 3, 5) + logged(2, 4, topic="news.alerts.x"), key=lambda one: one.seq)
    await target.sink.write(mixed)
    await target.sink.write(logged(6))

    by_topic = [seq for topic, seq in target.arrived() if topic == "news.articles"]

    assert by_topic == [1, 3, 5, 6]
    assert [seq for topic, seq in target.arrived() if topic == "news.alerts.x"] == [2, 4]


async def test_a_target_that_can_be_asked_says_how_far_it_is(target: Target) -> None:
    """Per topic; and what it holds is not written twice."""
    await target.sink.write(logged(1, 2) + logged(3, topic="news.alerts.x"))
    held = await target.sink.resume()

    if held is None:
        assert len(target.arrived()) == 3
    else:
        assert held == {"news.articles": 2, "news.alerts.x": 3}
        await target.sink.write(logged(1, 2, 4))
        assert sorted(seq for _, seq in target.arrived()) == [1, 2, 3, 4]


async def test_a_target_that_is_away_raises_retry(target: Target) -> None:
    """With the seconds to wait."""
    target.breaks()

    with pytest.raises(Retry) as caught:
        await target.sink.write(logged(1))

    assert caught.value.after >= 0


async def test_nothing_to_write_and_closing_twice_are_no_mistakes(target: Target) -> None:
    """Both end at once."""
    await target.sink.write([])
    await target.sink.close()
    await target.sink.close()

    assert target.sink.name == "sink"
    assert target.arrived() == []
