"""Where counts of terms are looked for before rules are compiled."""

from __future__ import annotations

from pathlib import Path

import pytest

from monitor.app.build.counts import FILE, counted, shelf_of
from monitor.app.reload import load_documents
from monitor.match.frequencies import Frequencies, encode
from monitor.model.watch import Text
from monitor.ports import Documents

WATCH = "id: w\nquery: harbour AND of\n"


@pytest.mark.parametrize("way", ["file", "environment"])
async def test_counts_of_the_last_run_choose_the_anchors_of_the_next(tmp_path: Path, way: str) -> None:
    """They lie in the data directory, however that is set."""
    settings, environ = f"data_dir: {tmp_path}\n", {"MONITOR__DATA_DIR": str(tmp_path)}
    files = {"monitor.yaml": settings if way == "file" else "{}", "watches/w.yaml": WATCH}
    documents = Documents(files, {}, environ if way == "environment" else {})
    before = load_documents(documents, frequencies=await counted(documents))
    assert await shelf_of(str(tmp_path)).write(encode(Frequencies(1000, {" harbour ": 900}, 5.0))) == ""
    after = load_documents(documents, frequencies=await counted(documents))

    assert [config.frequencies.articles for config in (before, after)] == [0, 1000]
    costs = [config.rules.candidates(Text(body="harbour")) for config in (before, after)]  # type: ignore[attr-defined]
    assert costs == [1, 0]
    assert after.rules.met(Text(body="the harbour of Odesa")) == before.rules.met(Text(body="the harbour of Odesa"))
    assert (after.generation, after.warnings) == (before.generation, before.warnings)


@pytest.mark.parametrize("settings", ["data_dir: [a]\n", "data_dir: x\nunknown: 1\n", "a: &", "\t"])
async def test_a_configuration_that_is_wrong_is_left_to_whoever_reads_it(tmp_path: Path, settings: str) -> None:
    """Looking for counts comes first, and complains of nothing."""
    assert (await counted(Documents({"monitor.yaml": settings}, {}, {}))).articles == 0


async def test_a_file_that_is_none_is_counted_anew(tmp_path: Path) -> None:
    """Nothing hangs on it."""
    (tmp_path / FILE).write_bytes(b"\x00torn")
    found = await counted(Documents({"monitor.yaml": f"data_dir: {tmp_path}\n"}, {}, {}))
    assert (found.articles, found.counts) == (0, {})
