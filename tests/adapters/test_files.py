"""A configuration directory on a disk."""

from __future__ import annotations

import asyncio
import os
from pathlib import Path

import pytest

from monitor.adapters.files import MAX_BYTES, FileSource
from monitor.config.load import load
from monitor.errors import ConfigError
from monitor.ports import Documents


def write(path: Path, text: str | bytes) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return path


async def read(directory: Path, environ: dict[str, str] | None = None) -> Documents:
    return await FileSource(directory, environ or {}).read()


async def waiting_for(source: FileSource) -> asyncio.Task[Documents]:
    """Reads once, then waits for what comes next."""
    await source.read()
    waiting = asyncio.ensure_future(anext(source.documents()))
    await asyncio.sleep(0.3)
    return waiting


async def test_only_what_is_configuration(tmp_path: Path) -> None:
    """Hidden files, schemas, notes and what editors leave behind are not read."""
    names = [
        "monitor.yaml",
        "conf.d/a.yml",
        "feeds/a.opml",
        "feeds/sub/b.yaml",
        "watches/w.yaml",
        "watches/w.txt",
        "concepts/c.yaml",
    ]
    others = [
        "README.md",
        "other.yaml",
        "schema/monitor.json",
        "feeds/a.yaml~",
        "feeds/.a.yaml.swp",
        "feeds/.hidden/a.yaml",
        "feeds/notes.txt",
        "..data/feeds/a.yaml",
    ]
    for name in (*names, *others):
        write(tmp_path / name, "")

    documents = await read(tmp_path)

    assert sorted(documents.files) == sorted(names)
    assert documents.unreadable == ()


async def test_missing_directory_is_a_problem(tmp_path: Path) -> None:
    """A misspelt path must not look like an empty configuration."""
    documents = await read(tmp_path / "confg")

    with pytest.raises(ConfigError, match="there is no such directory"):
        load(documents.files, documents.secrets, documents.environ, unreadable=documents.unreadable)


async def test_files_that_cannot_be_read(tmp_path: Path) -> None:
    """Each with its reason; the others are read."""
    write(tmp_path / "monitor.yaml", "app: é\n".encode("latin-1"))
    write(tmp_path / "feeds/a.yaml", "feeds: []\n")
    write(tmp_path / "feeds/large.yaml", b"#" * (MAX_BYTES + 1))
    (tmp_path / "feeds/gone.yaml").symlink_to(tmp_path / "nowhere")
    write(tmp_path / "watches", "a file in place of a folder")

    documents = await read(tmp_path)

    assert list(documents.files) == ["feeds/a.yaml"]
    assert dict(documents.unreadable) == {
        "monitor.yaml": "it is not UTF-8",
        "feeds/large.yaml": "it is larger than 20 MiB",
        "feeds/gone.yaml": "No such file or directory",
        "watches/": "Not a directory",
    }


async def test_byte_order_mark_is_no_text(tmp_path: Path) -> None:
    """Some editors write one."""
    write(tmp_path / "monitor.yaml", "\ufeffapp: one\n")

    assert (await read(tmp_path)).files == {"monitor.yaml": "app: one\n"}


async def test_secrets_of_files_and_environment(tmp_path: Path) -> None:
    """Read without their last newline; what cannot be read is missing."""
    one, two = write(tmp_path / "s/one", "hunter2\n"), write(tmp_path / "s/two", "a\nb\r\n")
    write(tmp_path / "c/monitor.yaml", f"server: {{read_token_file: {one}}}\n")
    write(tmp_path / "c/feeds/a.yaml", f"feeds: [{{url: 'https://e.org/', auth_file: {tmp_path}/none}}]\n")

    documents = await read(tmp_path / "c", {"MONITOR__ADMIN__WRITE_TOKEN_FILE": str(two)})

    assert documents.secrets == {str(one): "hunter2", str(two): "a\nb"}
    with pytest.raises(ConfigError) as raised:
        load(documents.files, documents.secrets, documents.environ)
    assert [problem.id for problem in raised.value.problems] == ["MON-CFG-013"]


async def test_changed_secret_is_seen(tmp_path: Path) -> None:
    """It lies outside the directory."""
    secret = write(tmp_path / "s/one", "old\n")
    write(tmp_path / "c/monitor.yaml", f"server: {{read_token_file: {secret}}}\n")
    waiting = await waiting_for(FileSource(tmp_path / "c", {}))
    write(secret, "new\n")

    assert (await asyncio.wait_for(waiting, 10)).secrets == {str(secret): "new"}


async def test_h197_symlink_swap_of_a_config_map(tmp_path: Path) -> None:
    """Kubernetes writes a new directory and swaps one link: seen once, as a whole."""
    for version in ("one", "two"):
        for name in ("a", "b", "c"):
            write(tmp_path / f"..{version}/{name}.yaml", f"# {version}\nfeeds: []\n")
    (tmp_path / "..data").symlink_to("..one")
    (tmp_path / "feeds").mkdir()
    for name in ("a", "b", "c"):
        (tmp_path / f"feeds/{name}.yaml").symlink_to(f"../..data/{name}.yaml")
    source = FileSource(tmp_path, {})
    waiting = await waiting_for(source)

    (tmp_path / "..data_tmp").symlink_to("..two")
    os.replace(tmp_path / "..data_tmp", tmp_path / "..data")
    documents = await asyncio.wait_for(waiting, 10)
    again = asyncio.ensure_future(anext(source.documents()))
    await asyncio.sleep(1)

    assert set(documents.files.values()) == {"# two\nfeeds: []\n"}
    assert len(documents.files) == 3
    assert not again.done()
    again.cancel()
    await asyncio.wait([again])


async def test_half_written_file_is_never_seen(tmp_path: Path) -> None:
    """A file that grows in steps comes once, whole."""
    path = write(tmp_path / "feeds/a.yaml", "feeds:\n")
    waiting = await waiting_for(FileSource(tmp_path, {}))
    for number in range(15):
        with path.open("a", encoding="utf-8") as stream:
            stream.write(f"  - {{url: 'https://example.org/{number}'}}\n")
        await asyncio.sleep(0.1)

    documents = await asyncio.wait_for(waiting, 10)

    assert documents.files["feeds/a.yaml"].count("url") == 15


async def test_files_that_never_rest_are_not_told(tmp_path: Path) -> None:
    """Read again and again while they change under the reader; the old configuration stays."""

    class Restless(FileSource):
        """A directory that changes at every look."""

        looks = 0

        def signature(self) -> tuple[tuple[str, int, int, int], ...]:
            self.looks += 1
            return (("x", self.looks, 0, 0),)

    source = Restless(tmp_path, {})

    _, settled = await source.steady()

    assert not settled


async def test_new_folder_is_watched(tmp_path: Path) -> None:
    """Made after the watching had begun."""
    waiting = await waiting_for(FileSource(tmp_path, {}))
    write(tmp_path / "watches/w.yaml", "id: w\n")

    assert (await asyncio.wait_for(waiting, 10)).files == {"watches/w.yaml": "id: w\n"}


async def test_directory_that_appears_later(tmp_path: Path) -> None:
    """A volume that is mounted after the start."""
    source = FileSource(tmp_path / "late", {})
    source_waits = await waiting_for(source)
    write(tmp_path / "late/monitor.yaml", "app: one\n")

    documents = await asyncio.wait_for(source_waits, 15)

    assert documents.files == {"monitor.yaml": "app: one\n"}
    assert documents.unreadable == ()
