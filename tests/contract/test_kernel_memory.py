"""The kernel under a sanitizer, and over many calls: nothing outside is read or written, nothing is kept."""

from __future__ import annotations

import gc
import os
import random
import subprocess
import sys
import sysconfig
import tomllib
import tracemalloc
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from tests.support.engines import NO_COMPILER, compiler, engine_named
from tests.support.fuzz_kernel import Fuzz
from tests.support.project import ROOT

NATIVE = ROOT / "monitor/match/native"
CHECKED = ("-fsanitize=address,undefined", "-fno-sanitize-recover=all", "-fno-omit-frame-pointer", "-g", "-O1")
ROUNDS = 300


@pytest.fixture(scope="module")
def kernel() -> ModuleType:
    """The installed one."""
    engine_named("native")
    from monitor.match.native import kernel

    return kernel


def run(*command: str | Path, **more: str) -> subprocess.CompletedProcess[str]:
    """A command with some of the environment changed."""
    return subprocess.run(command, capture_output=True, text=True, timeout=900, cwd=ROOT, env={**os.environ, **more})


@pytest.fixture(scope="module")
def sanitizer() -> tuple[str, str]:
    """The compiler, and the library that has to be loaded first."""
    found = compiler()
    if found is None:
        pytest.skip(NO_COMPILER)
    library = run(found, "-print-file-name=libasan.so").stdout.strip()
    if not Path(library).is_absolute():
        pytest.skip(f"{found} has no address sanitizer")
    return found, library


@pytest.fixture(scope="module")
def checked(sanitizer: tuple[str, str], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a kernel that looks at every access."""
    folder = tmp_path_factory.mktemp("kernel")
    sources = sorted(NATIVE.glob("*.c"))
    headers = f"-I{sysconfig.get_path('include')}"
    done = run(sanitizer[0], "-shared", "-fPIC", *CHECKED, headers, *sources, "-o", folder / "kernel.so")
    assert done.returncode == 0, done.stderr
    return folder


def fuzzed(checked: Path, library: str, seed: int, rounds: int) -> subprocess.CompletedProcess[str]:
    """So many rounds in a process of their own."""
    command = (sys.executable, "-m", "tests.support.fuzz_kernel", checked, str(seed), str(rounds))
    # Python keeps things for good, so that leaks are looked for in another way, below.
    return run(*command, LD_PRELOAD=library, PYTHONMALLOC="malloc", ASAN_OPTIONS="detect_leaks=0")


@pytest.mark.timeout(300)
def test_no_access_outside_and_nothing_undefined(checked: Path, sanitizer: tuple[str, str]) -> None:
    """Whatever patterns, texts, queries, and arguments of other kinds."""
    done = fuzzed(checked, sanitizer[1], 1, ROUNDS)

    assert done.returncode == 0, done.stderr[-5000:]
    assert int(done.stdout.split()[0]) > ROUNDS


@pytest.mark.soak
@pytest.mark.timeout(3600)
def test_no_access_outside_for_long(checked: Path, sanitizer: tuple[str, str]) -> None:
    """Other seeds each time."""
    seed = random.SystemRandom().randrange(2**32)
    done = fuzzed(checked, sanitizer[1], seed, 50_000)

    assert done.returncode == 0, f"seed {seed}: {done.stderr[-5000:]}"


@pytest.mark.timeout(120)
def test_nothing_is_kept(kernel: ModuleType) -> None:
    """As much memory after the same work, whether it was taken or refused."""

    def work() -> None:
        fuzz = Fuzz(kernel, 3)
        for _ in range(12):
            fuzz.round()

    assert growth(work, 8) < 8 * 100


def test_no_text_or_row_is_kept(kernel: ModuleType) -> None:
    """References are given back, those of what is refused too."""
    text, told, clause = " a b ".join("xyz"), ("term", "kind", None, None), (1, 2)
    kept: list[Any] = [text, told, clause, kernel.Search]
    before = [sys.getrefcount(one) for one in kept]
    for _ in range(50):
        judge_and_show(kernel, text, told, clause)
        refuse(kernel, text, told)

    assert [sys.getrefcount(one) for one in kept] == before


def judge_and_show(kernel: ModuleType, text: str, told: tuple[object, ...], clause: tuple[int, int]) -> None:
    """Everything once."""
    import numpy as np

    from monitor.model.watch import Hit, Match

    found = kernel.Search([" a ", " b"], 10).find(text)
    board = kernel.Board([[0], [1]], [[], [2]], [({0}, ({1},), {2}, True, (((0,), (1,), 3, False),))], 3)
    assert board.judge(found, 0, ()) == ([0], [])
    texts = ("title", "summary", "body")
    signs = kernel.Signs(Hit, Match, texts, "", [(0, told, True, True)], [[0], []], [[0]], [[]], [], 5)
    stage = kernel.Stage(signs, found, text, np.arange(len(text) + 1), (0, 0), (0, 0, 0))
    (match,) = stage.show([(text, text, bytes(4), (clause,))])
    assert match.hits_total == len([hit for hit in found if hit[0] == 0])


def refuse(kernel: ModuleType, text: str, told: tuple[object, ...]) -> None:
    """What fails half way."""
    found = kernel.Search([" a "], 10).find(text)
    with pytest.raises(ValueError, match="not below"):
        kernel.Board([[0]], [[]], [({0}, ({0}, {7}), (), False, ())], 1)
    with pytest.raises(TypeError):
        kernel.Signs(tuple, tuple, ("a", "b", "c"), "", [(0, told, True, True), (0, told)], [[0]], [[0]], [[]], [], 5)
    with pytest.raises(TypeError):
        kernel.Search([text, 5], 1)
    with pytest.raises(TypeError):
        kernel.Stage(5, found, text, None, (0, 0), (0, 0, 0))


def growth(work: Callable[[], None], times: int) -> int:
    """Bytes that are there after doing something so many times, and were not before."""
    tracemalloc.start()
    try:
        for _ in range(2):
            work()
        before = _traced()
        for _ in range(times):
            work()
        return _traced() - before
    finally:
        tracemalloc.stop()


def _traced() -> int:
    gc.collect()
    return tracemalloc.get_traced_memory()[0]


def test_every_source_is_built_and_looked_at() -> None:
    """Those of the folder, no more and no fewer; a changed header builds all of them anew."""
    (extension,) = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["tool"]["setuptools"]["ext-modules"]

    assert {ROOT / name for name in extension["sources"]} == set(NATIVE.glob("*.c"))
    assert {ROOT / name for name in extension["depends"]} == set(NATIVE.glob("*.h"))
    assert extension["optional"]
