"""What every sink promises: `Sink` of `monitor/ports.py`."""

import io
import json
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest

from monitor.adapters.kafka.client import ClusterSettings
from monitor.adapters.kafka.sink import KafkaSink
from monitor.adapters.kafka.topics import ensure
from monitor.adapters.sinks.jsonl import JsonlSink
from monitor.adapters.sinks.stdout import StdoutSink
from monitor.errors import Retry
from monitor.model.event import Logged
from monitor.ports import Sink
from monitor.publish.topics import TopicSpec
from monitor.testing.builders import record
from monitor.testing.sinks import CapturingSink
from tests.support.fixtures import Brokers
from tests.support.kafka import free_port
from tests.support.reader import read_topic


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


async def kafka_topics(brokers: Brokers) -> Target:
    """Topics of a real broker, of one partition, read by another library from where they ended before."""
    specs = [TopicSpec(name, 1, 1, ()) for name in ("news.alerts.x", "news.articles")]
    await ensure(ClusterSettings(brokers.bootstrap_servers), specs)
    before = {spec.name: len(read_topic(brokers.bootstrap_servers, spec.name)) for spec in specs}

    def arrived() -> list[tuple[str, int]]:
        messages = {name: read_topic(brokers.bootstrap_servers, name)[skip:] for name, skip in before.items()}
        seqs = {record(seq, name).value: seq for name in before for seq in range(1, 10)}
        return [(name, seqs[message.value]) for name, those in messages.items() for message in those]

    def breaks() -> None:
        target.sink = KafkaSink("sink", ClusterSettings((f"127.0.0.1:{free_port()}",)))

    target = Target(KafkaSink("sink", ClusterSettings(brokers.bootstrap_servers)), arrived, breaks)
    return target


KINDS = {"capturing": capturing, "jsonl": jsonl, "stdout": stdout}
REAL = pytest.param("kafka", marks=[pytest.mark.service, pytest.mark.timeout(60)])


@pytest.fixture(params=[*KINDS, REAL])
async def target(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Target]:
    """One of each kind."""
    if request.param in KINDS:
        yield KINDS[request.param](tmp_path)
        return
    made = await kafka_topics(request.getfixturevalue("kafka"))
    yield made
    await made.sink.close()


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
