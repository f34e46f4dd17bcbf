"""An installation moves from one ledger to another and back: nothing comes twice, and what is new comes once."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest

from tests.support.fixtures import Brokers
from tests.support.house import NAMES, House, Papers, house, on_kafka
from tests.support.site import Site

pytestmark = [pytest.mark.acceptance, pytest.mark.service, pytest.mark.timeout(240)]


@pytest.fixture
def papers() -> Papers:
    return Papers()


@pytest.fixture
def site(papers: Papers) -> Iterator[Site]:
    with Site({f"/{name}": lambda name=name: papers.page(name) for name in NAMES}).running() as running:
        yield running


def states(file: Path) -> Sequence[dict[str, Any]]:
    """The lines of feeds, by id."""
    lines = [json.loads(line) for line in file.read_bytes().splitlines()]
    return sorted((line for line in lines if line["line"] == "feed"), key=lambda line: line["spec"]["id"])


def test_from_sqlite_to_kafka_and_back(tmp_path: Path, site: Site, papers: Papers, kafka: Brokers) -> None:
    """Byte for byte the same states come out again, and to a service that starts on them only what is new is new."""
    first, middle = house(tmp_path / "first", site), house(tmp_path / "middle", site, **on_kafka(kafka))
    last = house(tmp_path / "last", site)
    out, back = tmp_path / "out.jsonl", tmp_path / "back.jsonl"
    assert first.poll() == {"one": 10, "two": 10, "three": 10}

    (told,) = first.rows("state", "export", str(out))
    assert told == {"file": str(out), "ledger": "sqlite", "feeds": 3, "states": 3}
    (taken,) = middle.rows("state", "import", str(out))
    assert taken == {"file": str(out), "ledger": "kafka", "feeds": 3, "states": 3}
    middle.call("state", "export", str(back))
    assert states(back) == states(out)
    assert middle.poll() == {"one": 0, "two": 0, "three": 0}
    papers.issuers["two"].issue(1)
    assert middle.poll() == {"one": 0, "two": 1, "three": 0}

    middle.call("state", "export", str(back))
    last.call("state", "import", str(back))
    assert last.poll() == {"one": 0, "two": 0, "three": 0}
    papers.issuers["three"].issue(1)
    assert last.poll() == {"one": 0, "two": 0, "three": 1}


def test_through_a_pipe(tmp_path: Path, site: Site, kafka: Brokers) -> None:
    """`-` is standard output and standard input."""
    first, second = house(tmp_path / "first", site), house(tmp_path / "second", site, **on_kafka(kafka))
    first.poll()
    file = first.call("state", "export", "-").stdout
    second.call("state", "import", "-", input=file)
    back = second.call("state", "export", "-").stdout
    assert sorted(file.splitlines()[1:-1]) == sorted(back.splitlines()[1:-1])


@pytest.mark.parametrize("ledger", ["sqlite", "kafka"])
def test_a_ledger_that_remembers_feeds_is_not_overwritten_by_mistake(
    tmp_path: Path, site: Site, papers: Papers, kafka: Brokers, ledger: str
) -> None:
    """Refused with the number of feeds that are there; with `--overwrite` the file's states take their place."""
    first = house(tmp_path / "first", site)
    second = house(tmp_path / "second", site, **(on_kafka(kafka) if ledger == "kafka" else {}))
    old, new, now = tmp_path / "old.jsonl", tmp_path / "new.jsonl", tmp_path / "now.jsonl"
    first.poll()
    first.call("state", "export", str(old))
    papers.issuers["one"].issue(3)
    first.poll()
    first.call("state", "export", str(new))
    second.call("state", "import", str(old))

    refused = second.call("state", "import", str(new), code=2)
    assert b"remembers 3 feeds already" in refused.stderr
    second.call("state", "export", str(now))
    assert states(now) == states(old)

    second.call("state", "import", str(new), "--overwrite")
    second.call("state", "export", str(now))
    assert states(now) == states(new)


def test_a_torn_file_changes_nothing(tmp_path: Path, site: Site) -> None:
    """Half a file is no file; the ledger is not even made."""
    first, second = house(tmp_path / "first", site), house(tmp_path / "second", site)
    file = tmp_path / "out.jsonl"
    first.poll()
    first.call("state", "export", str(file))
    whole = file.read_bytes()
    for cut in (whole[: len(whole) // 2], whole[: whole.rindex(b"\n", 0, -1) + 1], whole.replace(b"one", b"neo", 1)):
        file.write_bytes(cut)
        refused = second.call("state", "import", str(file), code=2)
        assert str(file).encode() in refused.stderr
    assert not second.data.exists()


def test_a_service_that_runs_is_not_written_under(tmp_path: Path, site: Site) -> None:
    """Its file is exported with a warning; taking one over into it is refused."""
    first, file = house(tmp_path / "first", site), tmp_path / "out.jsonl"
    first.poll()
    running = first.start("run")
    try:
        wait_for_lock(first)
        told = first.call("state", "export", str(file))
        assert f"the service runs (process {running.pid})".encode() in told.stderr
        refused = first.call("state", "import", str(file), "--overwrite", code=2)
        assert f"in use by process {running.pid}".encode() in refused.stderr
    finally:
        running.terminate()
        running.wait(30)


def wait_for_lock(installation: House) -> None:
    """Until somebody holds the data directory."""
    for _ in range(100):
        (status,) = installation.rows("status")
        if status["running"]:
            return
    raise AssertionError("the service did not start")
