"""Lucene Monitor in a process of its own: started, told what to do, asked what it found, and its processor time."""

from __future__ import annotations

import os
import subprocess
import time
from array import array
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import Self

from monitor.match.fold import BORDER, fold
from monitor.model.watch import Text
from tests.benchmarks.java_runtime import compile_sources, find_java, jars
from tests.benchmarks.standing import Standing, Term

JVM = ("-XX:+UseSerialGC", "-Xshare:auto")
CODES = 0x110000
BLANK, DROPPED, FIRST_EXPANSION = -1, -2, -3
"""Entries of the table that are no code points."""

Spans = frozenset[tuple[int, int]]


class LuceneMonitor:
    """One process; `folder` takes what it reads and writes. Raises Unavailable where it cannot be started."""

    def __init__(self, folder: Path, megabytes: int) -> None:
        self.folder = folder
        java = find_java()
        path = os.pathsep.join([str(compile_sources(java, folder)), f"{jars()}/*"])
        write_fold_table(folder / "fold.table")
        memory = (f"-Xms{megabytes}m", f"-Xmx{megabytes}m")
        command = [str(java), *memory, *JVM, "-cp", path, "MonitorPeer", str(folder / "fold.table")]
        self._log = (folder / "lucene.log").open("wb")
        self._process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=self._log)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._process.stdin.close()
        try:
            self._process.wait(10)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._process.stdout.close()
        self._log.close()

    def ask(self, *words: object) -> list[str]:
        """One command and its answer. Raises RuntimeError with the log's last line when the process has ended."""
        self._process.stdin.write("\t".join(map(str, words)).encode() + b"\n")
        self._process.stdin.flush()
        answer = self._process.stdout.readline().decode()
        if not answer:
            raise RuntimeError((self.folder / "lucene.log").read_text(errors="replace")[-300:])
        return answer.rstrip("\n").split("\t")

    def processor_time(self) -> float:
        """Seconds, of all threads: collecting garbage and compiling included."""
        return time.clock_gettime((~self._process.pid << 3) | 2)  # CPUCLOCK_SCHED of another process, as in Linux

    def run_on(self, cores: set[int]) -> None:
        """Keeps every thread on these cores."""
        for thread in Path(f"/proc/{self._process.pid}/task").iterdir():
            with suppress(ProcessLookupError):  # ended since
                os.sched_setaffinity(int(thread.name), cores)

    def take_texts(self, texts: Sequence[Text]) -> None:
        """What it is asked about from now on; titles and bodies, without tabs and line breaks."""
        path = self.folder / "texts"
        path.write_text("".join(f"{text.title}\t{text.body}\n" for text in texts), encoding="utf-8")
        self.ask("texts", path)

    def words(self) -> list[list[str]]:
        """The words of title and body of every text, as the process sees them."""
        path = self.folder / "words"
        self.ask("words", path)
        return [line.split() for line in path.read_text(encoding="utf-8").split("\n")[:-1]]

    def take_queries(self, queries: Sequence[Standing], frequencies: dict[str, int], form: str) -> float:
        """Registers these and no others; seconds."""
        path, counts = self.folder / "queries", self.folder / "frequencies"
        path.write_text("".join(f"{spell_query(query)}\n" for query in queries), encoding="utf-8")
        counts.write_text("".join(f"{word}\t{count}\n" for word, count in frequencies.items()), encoding="utf-8")
        return float(self.ask("queries", path, counts, form)[0]) / 1e3

    def answers(self, matcher: str) -> list[dict[str, Spans]]:
        """For every text the queries that match it, with the spans of their hits."""
        path = self.folder / "answers"
        self.ask("answers", matcher, path)
        lines = path.read_text(encoding="utf-8").split("\n")[:-1]
        return [dict(map(_read_match, line.split())) for line in lines]


def _read_match(word: str) -> tuple[str, Spans]:
    name, _, spans = word.partition(":")
    return name, frozenset(tuple(map(int, span.split("-"))) for span in spans.split(",") if span)


def spell_query(query: Standing) -> str:
    """A query as a line that `Queries.java` reads."""
    groups = "|".join(",".join(map(_spell_term, group)) for group in query.groups)
    near = "" if query.near is None else str(query.near)
    return "\t".join((query.id, near, groups, ",".join(map(_spell_term, query.excluded))))


def _spell_term(term: Term) -> str:
    return "^" * term.title + " ".join(term.words) + "*" * term.prefix


def write_fold_table(path: Path) -> None:
    """What each code point folds to between two letters, as `FoldTokenizer.java` reads it."""
    entries, expansions = array("i", [BLANK]) * CODES, []
    codes = [code for code in range(CODES) if not 0xD800 <= code < 0xE000 and chr(code) != BORDER]
    between = fold(f" {BORDER} ".join(f"a{chr(code)}a" for code in codes)).text.split(f" {BORDER} ")
    for code, folded in zip(codes, between, strict=True):
        letters = folded.strip(" ")[1:-1]
        if len(letters) == 1:
            entries[code] = BLANK if letters == " " else ord(letters)
        elif letters:
            entries[code] = FIRST_EXPANSION - len(expansions)
            expansions.append([BLANK if letter == " " else ord(letter) for letter in letters])
        else:
            entries[code] = DROPPED
    rows = array("i", [len(expansions)])
    for row in expansions:
        rows.extend((len(row), *row))
    for part in (entries, rows):
        part.byteswap()
    path.write_bytes(entries.tobytes() + rows.tobytes())
