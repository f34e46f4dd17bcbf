"""Jars that a pom names, copied by Maven into a folder."""

from __future__ import annotations

import shutil
import subprocess
import tempfile
from pathlib import Path


def copy_jars(pom: Path, folder: Path, *options: str) -> None:
    """Copies what a pom depends on; a half-filled folder is never seen under its final name.

    Raises FileNotFoundError without Maven, CalledProcessError where it gets something not.
    """
    folder.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=folder.parent) as scratch:
        copied = Path(scratch) / "jars"
        goal = ["dependency:copy-dependencies", *options, f"-DoutputDirectory={copied}"]
        subprocess.run(["mvn", "-q", "-B", "-Dstyle.color=never", "-f", str(pom), *goal], check=True, cwd=scratch)
        shutil.rmtree(folder, ignore_errors=True)
        copied.rename(folder)
