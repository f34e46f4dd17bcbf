"""What is installed: the kernel where there is a compiler, and all the rest where there is none."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path, PurePath

import pytest

from tests.deploy.tools import ROOT, found, needs
from tests.support.engines import NO_COMPILER, compiler

pytestmark = [pytest.mark.timeout(180), needs("uv", "make setup")]

SUFFIXES = {".bin", ".css", ".html", ".json", ".py", ".pyi", ".so", ".sql", ".svg", ".txt", ".yaml"}
ASKED = """
from monitor.match.compiler import compile_rules
from monitor.match.engine import engines
from monitor.model.ids import WatchId
from monitor.model.watch import Text, Watch
rules = compile_rules([Watch(WatchId("w"), 'drone NEAR/2 "power plant"')], {})
print(*[engine.name for engine in engines()], rules.engine, *rules.met(Text(body="Drone hits a power plant")))
"""


def build(folder: Path, **more: str) -> Path:
    """A wheel of what is checked out, of nothing that lies about."""
    source = folder / "source"
    shutil.copytree(ROOT / "monitor", source / "monitor", ignore=shutil.ignore_patterns("*.so", "__pycache__"))
    for name in ("pyproject.toml", "README.md", "LICENSE", "NOTICE"):
        shutil.copy(ROOT / name, source)
    uv = found("uv") or "uv"
    command = [uv, "build", "--wheel", "--offline", "--python", sys.executable, "--out-dir", folder / "out", source]
    done = subprocess.run(command, capture_output=True, text=True, timeout=170, env={**os.environ, **more})
    if done.returncode and "offline" in done.stderr:
        pytest.skip("no setuptools in the cache of uv, where make setup puts it")
    assert done.returncode == 0, done.stderr[-3000:]
    (wheel,) = (folder / "out").glob("*.whl")
    return wheel


def names(wheel: Path) -> list[PurePath]:
    """The files in it."""
    with zipfile.ZipFile(wheel) as archive:
        return [PurePath(name) for name in archive.namelist()]


@pytest.mark.skipif(compiler() is None, reason=NO_COMPILER)
def test_a_wheel_has_the_kernel_and_none_of_its_sources(tmp_path: Path) -> None:
    """Data and stubs too, and nothing of tests, documents, or builds before."""
    files = names(build(tmp_path))
    native = {
        file.name.split(".")[0] + file.suffix for file in files if file.parent == PurePath("monitor/match/native")
    }

    assert native == {"__init__.py", "kernel.pyi", "kernel.so"}
    assert {file.parts[0].partition("-")[0] for file in files} == {"monitor", "news_monitor"}
    assert {file.suffix for file in files if file.parts[0] == "monitor"} == SUFFIXES
    shipped = {file for file in files if file.suffix not in {".py", ".so"} and file.parts[0] == "monitor"}
    assert shipped == {path.relative_to(ROOT) for path in (ROOT / "monitor").rglob("*.*") if is_data(path)}


def is_data(path: Path) -> bool:
    """Is it shipped beside the modules?"""
    return path.is_file() and path.suffix not in {".py", ".pyc", ".so", ".c", ".h"}


def test_without_a_compiler_all_is_installed_but_the_kernel(tmp_path: Path) -> None:
    """And the same watches are met, by the engine in Python."""
    wheel = build(tmp_path, CC=shutil.which("false") or "false")
    place = tmp_path / "installed"
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(place)
    asked = [sys.executable, "-c", ASKED]
    done = subprocess.run(
        asked, capture_output=True, text=True, timeout=60, cwd=tmp_path, env={**os.environ, "PYTHONPATH": str(place)}
    )

    assert not [file for file in names(wheel) if file.suffix == ".so"]
    assert done.stdout.split() == ["python", "python", "w"], done.stderr
