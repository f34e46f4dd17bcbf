"""Every figure beside its peer: `python -m tests.benchmarks [--quick] [--only GROUP…]`, or `make bench`.

A group is a module with `figures(bench)`. Rows appear as they are measured; all of them go to `build/bench.json`.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import sys
import tempfile
import time
import traceback
from collections.abc import Callable, Iterator
from importlib import import_module
from pathlib import Path

from tests.benchmarks.figures import HEADING, Bench, Figure, as_json, row

ROOT = Path(__file__).resolve().parents[2]
BUILD = ROOT / "build"
GROUPS = (
    "reading",
    "texts",
    "folding",
    "compiling",
    "matching",
    "lucene",
    "processing",
    "storing",
    "polling",
    "kafka",
    "committing",
    "starting",
    "scale",
    "sizing",
)
"""In the order in which they run: what only computes, then what waits."""


def measure(group: str, figures: Callable[[Bench], Iterator[Figure]], bench: Bench) -> Iterator[Figure]:
    """The rows of a group. A fault of its own costs the rows that were still to come, and the exit code."""
    try:
        yield from figures(bench)
    except Exception as error:
        traceback.print_exc()
        yield Figure(name=f"{group}: failed", note=" ".join(f"{type(error).__name__}: {error}".split())[:300])


def run(groups: list[str], quick: bool) -> list[dict]:
    """Measures the groups one after the other and prints their rows."""
    command = "python -m tests.benchmarks" + (" --quick" if quick else "")
    rows = []
    BUILD.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory(dir=BUILD, prefix="bench-") as scratch:
        for group in groups:
            folder = Path(scratch) / group
            folder.mkdir()
            figures = import_module(f"tests.benchmarks.{group}").figures
            for figure in measure(group, figures, Bench(quick, folder, corpus())):
                print(row(figure), flush=True)
                rows.append(as_json(figure, f"{command} --only {group}"))
    return rows


def corpus() -> Path | None:
    """The folder of real documents: beside the checkout, or where MONITOR_TEST_CORPUS says."""
    folder = Path(os.environ.get("MONITOR_TEST_CORPUS", ROOT.parent / "shared" / "corpus"))
    return folder if folder.is_dir() else None


def keep_bytecode() -> None:
    """Lets processes that are started find compiled modules, as in every installation that has run once."""
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
    os.environ["PYTHONPYCACHEPREFIX"] = str(BUILD / "bytecode")


def main() -> int:
    """0 when all was measured, whatever came out; 1 when a group failed, or with `--strict` when a goal was missed."""
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks", description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="every row, from little material")
    parser.add_argument("--only", nargs="+", choices=GROUPS, default=GROUPS, help="these groups")
    parser.add_argument("--strict", action="store_true", help="exit 1 when a goal is missed")
    parser.add_argument("--output", type=Path, default=BUILD / "bench.json", help="where the rows go as JSON")
    arguments = parser.parse_args()
    keep_bytecode()
    started, load = time.monotonic(), os.getloadavg()[0]
    print(f"Python {platform.python_version()}, {os.cpu_count()} cores, load {load:.1f}")
    print(HEADING, flush=True)
    rows = run(list(arguments.only), arguments.quick)
    arguments.output.parent.mkdir(parents=True, exist_ok=True)
    arguments.output.write_text(json.dumps(rows, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
    print(f"{len(rows)} rows in {time.monotonic() - started:.0f} s, load {os.getloadavg()[0]:.1f}")
    failed = any(one["name"].endswith(": failed") for one in rows)
    return int(failed or (arguments.strict and any(one["ok"] is False for one in rows)))


if __name__ == "__main__":
    sys.exit(main())
