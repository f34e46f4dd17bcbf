"""What is measured on: real documents and articles where there is a corpus, the project's own small ones elsewhere."""

from __future__ import annotations

import json
import random
import tarfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from hashlib import sha256
from pathlib import Path

from monitor.match.compiler import compile_rules
from monitor.match.concepts import builtin_packs
from monitor.model.article import Hints, Reading, ReadTask
from monitor.model.event import Outcome
from monitor.model.feed import FeedSpec
from monitor.model.ids import FeedId, WatchId
from monitor.model.poll import Fetched, Response, Validators
from monitor.model.state import FeedState
from monitor.model.watch import Text, Watch
from monitor.pipeline import Moment, Rules, process, read
from monitor.publish.topics import TopicTable
from tests.benchmarks.figures import Bench

ROOT = Path(__file__).resolve().parents[2]
NOW = 1_780_000_000.0
WORDS = 500
WATCHES = ("ukraine", "taiwan", "drones")


@dataclass(frozen=True, slots=True)
class Document:
    """The body of a feed, as a server would send it."""

    name: str
    body: bytes

    def task(self) -> ReadTask:
        """What a worker is given to read it for the first time."""
        url = f"https://{self.name}.example/feed.xml"
        response = Response(url, 200, (("content-type", "application/xml"),), wire_bytes=len(self.body))
        fetched = Fetched(response, self.body, sha256(self.body).hexdigest(), Validators())
        return ReadTask(fetched, FeedSpec(FeedId(self.name), url), Hints(NOW))


def documents(bench: Bench) -> tuple[Document, ...]:
    """Feeds in an order that has nothing to do with their size; a quick run takes every twelfth."""
    found = _real(bench.corpus) if bench.corpus else _own()
    return found[:: bench.pick(1, 12)] if bench.corpus else found


def origin(bench: Bench) -> str:
    """Says in a note where small documents stand in for real ones."""
    return "" if bench.corpus else "no corpus: own small documents"


@cache
def _real(corpus: Path) -> tuple[Document, ...]:
    with tarfile.open(corpus / "feeds.tar.xz") as archive:
        found = [Document(Path(one.name).stem, archive.extractfile(one).read()) for one in archive if one.isfile()]
    return tuple(sorted(found, key=lambda document: document.name))


@cache
def _own() -> tuple[Document, ...]:
    paths = sorted((ROOT / "tests" / "corpus" / "parse").glob("*/*.xml"))
    return tuple(Document(f"{path.parent.name}-{path.stem}", path.read_bytes()) for path in paths)


@cache
def readings(bench: Bench) -> tuple[Reading, ...]:
    """The documents, read; those that cannot be read are left out."""
    found = (read(document.task(), lenient=True) for document in documents(bench)[: bench.pick(120, 30)])
    return tuple(one for one in found if isinstance(one, Reading) and one.articles)


@cache
def shipped() -> Rules:
    """The three watches that are shipped."""
    watches = [Watch(WatchId(name), f"@{name}") for name in WATCHES]
    return Rules(compile_rules(watches, builtin_packs()), TopicTable("news.", "alerts.{watch}"), "bench")


@cache
def outcomes(bench: Bench) -> tuple[Outcome, ...]:
    """What every reading leads to in a feed that was empty before: all is new, records and states as in real life."""
    return tuple(judged(reading) for reading in readings(bench))


def judged(reading: Reading) -> Outcome:
    """`process` on a feed that was read before and had nothing."""
    feed = FeedSpec(FeedId(sha256(reading.verdict.url.encode()).hexdigest()[:12]), reading.verdict.url)
    return process(feed, reading, FeedState(feed.id, rounds=1), shipped(), Moment(NOW))


@cache
def articles(bench: Bench) -> tuple[Text, ...]:
    """Articles of 500 words in several languages, as queries see them."""
    found = list(_pages(bench.corpus)) if bench.corpus else []
    return tuple(found or _made(40))[: bench.pick(200, 20)]


def _pages(corpus: Path) -> Iterator[Text]:
    """Articles of the news pages that are long enough, cut to length."""
    with tarfile.open(corpus / "articles-fundus.tar.xz") as archive:
        for member in archive:
            if member.isfile() and member.name.endswith(".json"):
                for one in json.load(archive.extractfile(member)).values():
                    words = " ".join(_strings(one.get("body"))).split(" ")
                    if len(words) >= WORDS:
                        yield Text(one.get("title") or "", "", " ".join(words[:WORDS]), "")


def _strings(value: object) -> Iterator[str]:
    """Every text inside a value, in order."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict | list):
        for part in value.values() if isinstance(value, dict) else value:
            yield from _strings(part)


def _made(count: int) -> Iterator[Text]:
    """Texts of invented words with a shipped term here and there."""
    chance = random.Random(7)
    vocabulary = [*invented(chance, 3000), "Ukraine", "Taiwan", "drones"]
    for _ in range(count):
        words = [chance.choice(vocabulary) for _ in range(WORDS)]
        yield Text(" ".join(words[:8]), "", " ".join(words), "en")


def invented(chance: random.Random, count: int) -> list[str]:
    """Words of two to four syllables that mean nothing."""
    syllables = [first + vowel for first in "bdfgklmnprstvz" for vowel in "aeiou"]
    return ["".join(chance.choices(syllables, k=chance.randrange(2, 5))) for _ in range(count)]


def vocabulary(texts: Sequence[Text]) -> list[str]:
    """Different words of four letters and more of these texts, in a fixed order."""
    return sorted({word for text in texts for word in text.body.split() if len(word) > 3 and word.isalpha()})
