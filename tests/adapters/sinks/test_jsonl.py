"""Files of JSON lines: torn ends, rotation, removal by hand, kills between two files."""

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from monitor.adapters.sinks import topic_file
from monitor.adapters.sinks.jsonl import JsonlSink
from monitor.errors import Retry
from monitor.model.event import Logged
from monitor.testing.builders import record

ROOT = Path(__file__).resolve().parents[3]
ARTICLES, ALERTS = "news.articles", "news.alerts.x"


def logged(*numbers: int, topic: str = ARTICLES) -> list[Logged]:
    """Records of one topic."""
    return [Logged(number, record(number, topic)) for number in numbers]


def numbers(path: Path) -> list[int]:
    """What a file holds."""
    return [json.loads(line)["seq"] for line in path.read_text().splitlines()]


async def filled(folder: Path) -> JsonlSink:
    """A sink with three articles."""
    sink = JsonlSink("jsonl", folder)
    await sink.write(logged(1, 2, 3))
    return sink


@pytest.mark.parametrize(
    ("tail", "held"),
    [
        (b"", 3),
        (b'{"seq":4,"topic":"news.art', 3),
        (b'{"seq":4,"topic":"news.articles","key":"', 3),
        (bytes(5000), 3),
        (b'{"seq":4}\n' + bytes(70_000) + b"\n", 4),
        (b'{"seq":4}\n' + bytes(3 * topic_file.BLOCK), 4),
        (b'{"seq":4}\n' + b"\n" * topic_file.BLOCK, 4),
        (b"\xff\xfe\n\n", 3),
    ],
)
async def test_k12_torn_line_is_cut_and_written_again(tmp_path: Path, tail: bytes, held: int) -> None:
    """Whatever a kill or a power cut left behind the last whole line goes."""
    await filled(tmp_path)
    with (tmp_path / "news.articles.jsonl").open("ab") as file:
        file.write(tail)
    sink = JsonlSink("jsonl", tmp_path)

    assert await sink.resume() == {ARTICLES: held}
    await sink.write(logged(3, 4, 5))
    assert numbers(tmp_path / "news.articles.jsonl") == [1, 2, 3, 4, 5]


async def test_torn_line_is_cut_without_being_asked(tmp_path: Path) -> None:
    """A sink that only writes looks first."""
    await filled(tmp_path)
    with (tmp_path / "news.articles.jsonl").open("ab") as file:
        file.write(b'{"seq":4')
    await JsonlSink("jsonl", tmp_path).write(logged(4))

    assert numbers(tmp_path / "news.articles.jsonl") == [1, 2, 3, 4]


async def test_first_line_torn(tmp_path: Path) -> None:
    """Nothing whole: the file begins anew."""
    (tmp_path / "news.articles.jsonl").write_bytes(b'{"seq":1,"top')
    sink = JsonlSink("jsonl", tmp_path)

    assert await sink.resume() == {ARTICLES: 0}
    await sink.write(logged(1))
    assert numbers(tmp_path / "news.articles.jsonl") == [1]


async def test_lines_longer_than_a_block_are_read_back(tmp_path: Path) -> None:
    """A megabyte in one line."""
    long = Logged(4, record(4, value=b'{"body":"' + b"x" * (1 << 20) + b'"}'))
    sink = await filled(tmp_path)
    await sink.write([long])

    assert len(long.record.value) > topic_file.BLOCK
    assert await JsonlSink("jsonl", tmp_path).resume() == {ARTICLES: 4}


async def test_each_file_has_a_cursor_of_its_own(tmp_path: Path) -> None:
    """One maximum over all files would leave a gap after a kill between two of them."""
    sink = await filled(tmp_path)
    await sink.write(logged(9, topic=ALERTS))

    assert await sink.resume() == {ALERTS: 9, ARTICLES: 3}


async def test_file_removed_by_hand_is_asked_for_again(tmp_path: Path) -> None:
    """It has no cursor any more, also while the sink lives."""
    sink = await filled(tmp_path)
    await sink.write(logged(9, topic=ALERTS))
    (tmp_path / "news.articles.jsonl").unlink()

    assert await sink.resume() == {ALERTS: 9}
    await sink.write(logged(2, 3))
    assert numbers(tmp_path / "news.articles.jsonl") == [2, 3]


async def test_rotation_by_size(tmp_path: Path) -> None:
    """Set aside under its last number, only so many kept, and the place is found again without the newest file."""
    sink = JsonlSink("jsonl", tmp_path, rotate=100, keep=2)
    for number in range(1, 6):
        await sink.write(logged(number))

    names = sorted(path.name for path in tmp_path.iterdir())

    assert names == ["news.articles.jsonl.000000000004", "news.articles.jsonl.000000000005"]
    again = JsonlSink("jsonl", tmp_path, rotate=1 << 20, keep=2)
    assert await again.resume() == {ARTICLES: 5}
    await again.write(logged(5, 6))
    assert numbers(tmp_path / "news.articles.jsonl") == [6]


async def test_one_file_aside_is_always_kept(tmp_path: Path) -> None:
    """Its name is the cursor while there is no newer file."""
    await JsonlSink("jsonl", tmp_path, rotate=100, keep=0).write(logged(1))
    sink = JsonlSink("jsonl", tmp_path, rotate=100, keep=0)

    assert await sink.resume() == {ARTICLES: 1}
    await sink.write(logged(1, 2))
    assert [path.name for path in tmp_path.iterdir()] == ["news.articles.jsonl.000000000002"]


async def test_odd_topics_stay_in_the_folder(tmp_path: Path) -> None:
    """A topic is a name, never a path."""
    sink = JsonlSink("jsonl", tmp_path / "events")
    await sink.write(logged(1, topic="../../x"))

    assert [path.parent for path in tmp_path.rglob("*.jsonl")] == [tmp_path / "events"]
    assert await sink.resume() == {"../../x": 1}


async def test_half_a_batch_on_a_full_disk_is_mended(tmp_path: Path) -> None:
    """A line that did not fit is cut when the disk has room again."""
    sink = await filled(tmp_path)
    path = tmp_path / "news.articles.jsonl"
    path.rename(tmp_path / "aside")
    path.mkdir()
    with pytest.raises(Retry, match="Is a directory"):
        await sink.write(logged(4))
    path.rmdir()
    (tmp_path / "aside").rename(path)
    path.write_bytes(path.read_bytes() + b'{"seq":4,')

    await sink.write(logged(4))

    assert numbers(path) == [1, 2, 3, 4]


SCRIPT = """
import asyncio, sys
from pathlib import Path
from monitor.adapters.sinks.jsonl import JsonlSink
from monitor.model.event import Logged
from monitor.testing.builders import record
from monitor.testing.crash import CrashPoints
records = [Logged(1, record(1, "news.articles")), Logged(2, record(2, "news.alerts.x"))]
sink = JsonlSink("jsonl", Path(sys.argv[1]), point=CrashPoints("jsonl.between"))
asyncio.run(sink.write(records))
"""


async def test_k09_killed_between_two_files(tmp_path: Path) -> None:
    """The first file has its record, the second does not, and each says so."""
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    process = subprocess.run([sys.executable, "-c", SCRIPT, str(tmp_path)], env=environment, timeout=15, check=False)
    assert process.returncode == -signal.SIGKILL
    sink = JsonlSink("jsonl", tmp_path)

    assert await sink.resume() == {ARTICLES: 1}
    await sink.write(logged(1) + logged(2, topic=ALERTS))
    assert numbers(tmp_path / "news.articles.jsonl") == [1]
    assert numbers(tmp_path / "news.alerts.x.jsonl") == [2]


async def test_lines_with_offsets_stay_and_are_followed_by_whatever_comes(tmp_path: Path) -> None:
    """Their numbers are this process's own: the log keeps the cursor, the file cuts what is torn and goes on."""

    def placed(*offsets: int) -> list[Logged]:
        return [Logged(number, record(offset), (2, offset)) for number, offset in enumerate(offsets, 1)]

    path = tmp_path / "news.articles.jsonl"
    await JsonlSink("jsonl", tmp_path).write(placed(40, 41, 42))
    path.write_bytes(path.read_bytes() + b'{"partition":2,"off')
    again = JsonlSink("jsonl", tmp_path)
    assert await again.resume() == {ARTICLES: 0}
    await again.write(placed(43, 44))

    lines = [json.loads(line) for line in path.read_text().splitlines()]
    assert [(line["partition"], line["offset"]) for line in lines] == [(2, offset) for offset in range(40, 45)]


async def test_files_with_offsets_are_set_aside_by_a_count(tmp_path: Path) -> None:
    """The newest of them keep their order, also over a restart."""
    for offset in range(4):
        await JsonlSink("jsonl", tmp_path, rotate=10, keep=2).write([Logged(1, record(offset), (0, offset))])

    aside = sorted(tmp_path.glob("news.articles.jsonl.*"))
    assert [json.loads(path.read_text())["offset"] for path in aside] == [2, 3]
