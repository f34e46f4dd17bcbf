"""Reads one concept pack: YAML → aliases, with every mistake at its line."""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import chain
from typing import TYPE_CHECKING, Any, NamedTuple

import yaml

from monitor.errors import Problem
from monitor.match.clitics import CLITICS
from monitor.match.documents import read_document
from monitor.match.fold import fold_words
from monitor.match.languages import language_group
from monitor.match.patterns import PLAIN, Alias, Check, NotIn, Swallower, exact_form, make_alias
from monitor.match.swallowed import Swallowed

if TYPE_CHECKING:
    from monitor.match.variants import Tier

Path = tuple[str | int, ...]
Attach = Callable[[str], tuple[str, ...]]
# What the class of a named tuple does beyond this costs twice as much, and there are tens of thousands.
_make: Any = tuple.__new__

SPELLED = {"True": "true", "False": "false", "None": "null"}
"""What YAML calls it."""

KINDS = {
    "terms": "term",
    "prefix": "prefix",
    "suffix": "suffix",
    "infix": "wildcard",
    "case": "case",
    "acronym": "acronym",
    "accent": "accent",
    "prefix_accent": "prefix_accent",
    "suffix_accent": "suffix_accent",
    "infix_accent": "wildcard",
}
WEAK_KINDS = {**KINDS, "term": "term"}
SCOPE = {"terms": "any", "prefix": "any", "infix": "any", "case": "any"}
"""Kinds that run on text of any language unless the pack's `scope` says otherwise; the others run on their own."""
TOP_KEYS = frozenset({"concept", "wikidata", "status", "scope", "symbols", "languages", "weak_context", "notes"})
BLOCK_KEYS = frozenset(
    {
        *KINDS,
        "clitics",
        "not_in",
        "only_lang",
        "left_boundary",
        "weak",
        "positive",
        "negative",
        "false_friends",
        "notes",
    }
)
SAMPLE_KEYS = frozenset({"text", "title", "lang", "expect", "weak", "notes"})


@dataclass(frozen=True, slots=True)
class Sample:
    """An example of a pack: the slices its concept must give in a text, in order."""

    text: str
    expect: tuple[str, ...]
    language: str
    title: str = ""
    weak: bool = False
    """Judged by `@name.weak`."""


@dataclass(frozen=True, slots=True)
class Concept:
    """A thing with its aliases in every language."""

    name: str
    strong: tuple[Alias, ...]
    weak: tuple[Alias, ...]
    """Ambiguous ones: only `@name.weak` means them."""
    samples: tuple[Sample, ...] = ()
    status: str = ""
    """Who has reviewed it."""
    languages: tuple[str, ...] = ()
    digest: str = ""
    """Of the text it was read from; part of the version of every watch that uses it."""
    tiers: dict[bool, Tier] = field(default_factory=dict, init=False, compare=False, repr=False)
    """What was compiled of the strong aliases, and of the weak ones (True): kept for the next rule set that asks."""


class _Kind(NamedTuple):
    """What the entries of one key have in common, in the block of one language."""

    name: str
    """As an alias has it."""
    language: str
    check: Check
    """Without exact letters and longer strings."""
    weak: bool
    exact: bool
    open_left: bool
    open_right: bool
    free_left: bool = False
    """Found inside words, as if it were open, and its longer strings are not."""


class _Entry(NamedTuple):
    """An alias before folding. `text` has its clitics, `written` has not."""

    path: Path
    kind: _Kind
    text: str
    written: str


@dataclass(slots=True)
class PackReader:
    """Reads one document; `problems` fills as it goes."""

    file: str
    text: str
    problems: list[Problem] = field(default_factory=list)
    scope: dict[str, str] = field(default_factory=dict)
    not_in: list[tuple[Path, NotIn]] = field(default_factory=list)
    samples: list[Sample] = field(default_factory=list)

    def read(self) -> Concept | None:
        """The concept; None if nothing can be made of the document."""
        pack = self.load()
        if pack is None:
            return None
        self.refuse_unknown(pack, TOP_KEYS, ())
        self.read_scope(self.mapping(pack.get("scope"), ("scope",)))
        languages = self.mapping(pack.get("languages"), ("languages",))
        entries = [*self.symbols(pack), *self.blocks(languages)]
        aliases = self.finish(str(pack["concept"]), entries)
        return Concept(
            name=str(pack["concept"]),
            strong=tuple(alias for alias, weak in aliases if not weak),
            weak=tuple(alias for alias, weak in aliases if weak),
            samples=tuple(self.samples),
            status=str(pack.get("status", "")),
            languages=tuple(map(spell_language, languages)),
            digest=digest_of(self.text),
        )

    def load(self) -> dict[str, Any] | None:
        """The file as a mapping; None, with the problem reported, if it is no YAML."""
        try:
            pack = read_document(self.text)
        except yaml.MarkedYAMLError as error:
            mark = error.problem_mark
            line, column = (mark.line + 1, mark.column + 1) if mark else (1, 1)
            self.problems.append(Problem(self.file, line, column, "", f"not YAML: {error.problem}", "MON-CFG-060"))
            return None
        except (yaml.YAMLError, ValueError) as error:
            self.problems.append(Problem(self.file, 1, 1, "", f"not YAML: {error}", "MON-CFG-060"))
            return None
        if not isinstance(pack, dict) or not isinstance(pack.get("concept"), str):
            self.report((), "a pack is a mapping with `concept: <name>`", "MON-CFG-061")
            return None
        return pack

    def report(self, path: Path, message: str, number: str) -> None:
        """Notes a problem at a path of the document."""
        line, column = self.place(path)
        self.problems.append(Problem(self.file, line, column, ".".join(map(str, path)), message, number))

    def place(self, path: Path) -> tuple[int, int]:
        """Line and column of a value; only looked for once something is wrong with it."""
        node = yaml.compose(self.text, yaml.CSafeLoader)
        for step in path:
            node = _child(node, step) or node
        return (node.start_mark.line + 1, node.start_mark.column + 1) if node is not None else (1, 1)

    def mapping(self, value: object, path: Path) -> dict[Any, Any]:
        if value is None or isinstance(value, dict):
            return value or {}
        self.report(path, "needs keys and values here", "MON-CFG-061")
        return {}

    def items(self, value: object, path: Path) -> list[Any]:
        if value is None or isinstance(value, list):
            return value or []
        self.report(path, "needs a list here", "MON-CFG-061")
        return []

    def string(self, value: object, path: Path) -> str:
        if isinstance(value, str) and value:
            return value
        scalar = isinstance(value, (bool, int, float)) or value is None
        remedy = f"; quote {SPELLED.get(str(value), value)} if it is one" if scalar else ""
        self.report(path, f"needs a text here{remedy}", "MON-CFG-061")
        return ""

    def refuse_unknown(self, found: Mapping[Any, Any], known: frozenset[str], path: Path) -> None:
        for key in found:
            if key not in known:
                self.report((*path, key), f"there is no key {key}; there are {', '.join(sorted(known))}", "MON-CFG-062")

    def symbols(self, pack: Mapping[str, Any]) -> Iterator[_Entry]:
        for at, text in enumerate(self.items(pack.get("symbols"), ("symbols",))):
            path = ("symbols", at)
            if not (written := self.string(text, path)):
                continue
            yield _Entry(path, SYMBOL, written, written)

    def read_scope(self, named: Mapping[Any, Any]) -> None:
        self.refuse_unknown(named, frozenset(KINDS), ("scope",))
        for key, value in named.items():
            if value not in ("any", "lang"):
                self.report(("scope", key), f"{value} is neither any nor lang", "MON-CFG-061")
        self.scope = {**SCOPE, **named}
        self.scope.setdefault("acronym", self.scope["case"])

    def blocks(self, languages: Mapping[Any, Any]) -> Iterator[_Entry]:
        rows = ((spell_language(code), block, ("languages", code)) for code, block in languages.items())
        return chain.from_iterable(self.block(name, self.mapping(block, path), path) for name, block, path in rows)

    def block(self, language: str, block: Mapping[str, Any], path: Path) -> list[_Entry]:
        """The entries of one language; its exceptions and samples are put aside."""
        self.refuse_unknown(block, BLOCK_KEYS, path)
        if (clitics := block.get("clitics")) is not None and clitics not in CLITICS:
            self.report((*path, "clitics"), f"there are clitics of {', '.join(CLITICS)}", "MON-CFG-062")
        for at, entry in enumerate(self.items(block.get("not_in"), (*path, "not_in"))):
            place = (*path, "not_in", at)
            self.not_in.append((place, self.read_not_in(entry, place)))
        for key in ("positive", "negative"):
            for at, sample in enumerate(self.items(block.get(key), (*path, key))):
                self.samples.append(self.read_sample(sample, language, (*path, key, at)))
        found: list[_Entry] = []
        for key in KINDS:
            if listed := self.items(block.get(key), (*path, key)):
                kind, attach = self.kind(language, block, key), _attaching(block, key)
                for at, text in enumerate(listed):
                    found += self.entries(kind, attach, text, (*path, key, at))
        for at, weak in enumerate(self.items(block.get("weak"), (*path, "weak"))):
            found += self.weak_entries(language, block, weak, (*path, "weak", at))
        return found

    def kind(self, language: str, block: Mapping[str, Any], key: str, weak: bool = False) -> _Kind:
        """What is known of all entries of a key."""
        bound = language != "und" and (self.scope.get(key) != "any" or bool(block.get("only_lang")))
        cased = key in ("case", "acronym")
        check = Check(cased=cased, acronym=key == "acronym", language=language_group(language) if bound else "")
        return _Kind(
            name=KINDS[key],
            language=language,
            check=check,
            weak=weak,
            exact=cased or key.endswith("accent"),
            open_left=key.startswith(("suffix", "infix")),
            open_right=key.startswith(("prefix", "infix")),
            free_left=block.get("left_boundary") is False,
        )

    def weak_entries(self, language: str, block: Mapping[str, Any], weak: object, path: Path) -> Iterator[_Entry]:
        """An ambiguous alias, under each way it is written."""
        named = {"term": weak} if isinstance(weak, str) else self.mapping(weak, path)
        for name, text in named.items():
            if name not in WEAK_KINDS:
                self.report((*path, name), f"there is no kind {name}; there are {', '.join(WEAK_KINDS)}", "MON-CFG-062")
                continue
            key = "terms" if name == "term" else name
            kind = self.kind(language, block, key, weak=True)
            yield from self.entries(kind, _attaching(block, key), text, (*path, name))

    def entries(self, kind: _Kind, attach: Attach, value: object, path: Path) -> list[_Entry]:
        """An alias with each of its clitics; none if it is no text."""
        written = value if type(value) is str and value else self.written(value, path)
        return [_make(_Entry, (path, kind, text, written)) for text in attach(written)] if written else []

    def written(self, value: object, path: Path) -> str:
        """An alias that stands under `text`, if it does; empty, with the problem reported, if there is none."""
        named = value if isinstance(value, dict) else {"text": value}
        self.refuse_unknown(named, frozenset({"text"}), path)
        return self.string(named.get("text"), path)

    def read_not_in(self, entry: object, path: Path) -> NotIn:
        if type(entry) is str and entry:
            return NotIn(entry)
        named = {"text": entry} if isinstance(entry, str) else self.mapping(entry, path)
        self.refuse_unknown(named, frozenset({"text", "unless_before", "case"}), path)
        after = named.get("unless_before") or ""
        letters = "".join(map(str, after)) if isinstance(after, list) else str(after)
        folded = "".join(fold_words(letters)) if letters else ""
        return NotIn(self.string(named.get("text"), path), folded, bool(named.get("case")))

    def read_sample(self, sample: object, language: str, path: Path) -> Sample:
        """A text with what has to be found in it; a bare text has to give nothing."""
        named = {"text": sample} if isinstance(sample, str) else self.mapping(sample, path)
        self.refuse_unknown(named, SAMPLE_KEYS, path)
        expect = tuple(str(text) for text in self.items(named.get("expect"), path))
        return Sample(
            text=self.string(named.get("text"), path),
            expect=expect,
            language=str(named.get("lang") or language),
            title=str(named.get("title") or ""),
            weak=bool(named.get("weak")),
        )

    def finish(self, concept: str, entries: list[_Entry]) -> list[tuple[Alias, bool]]:
        """Folds all entries at once and hangs the longer strings of `not_in` on their patterns."""
        cores = fold_words([entry.text for entry in entries])
        swallowed = self.swallowed(frozenset(cores))
        known: dict[_Kind, set[tuple[str, str, str]]] = defaultdict(set)
        aliases: list[tuple[Alias, bool]] = []
        for (path, kind, text, written), core in zip(entries, cores, strict=True):
            if not core:
                self.report(path, f"nothing is left of {written!r} after folding", "MON-CFG-063")
                continue
            key = written, core, exact_form(text, kind.check.cased) if kind.exact else ""
            if key not in (same := known[kind]):
                same.add(key)
                longer = swallowed.of(core, kind.open_left, kind.open_right) if core in swallowed.found else ()
                aliases.append((_alias(concept, kind, key, longer), kind.weak))
        return aliases

    def swallowed(self, cores: frozenset[str]) -> Swallowed:
        """By folded pattern, the longer strings it lies in: whichever block named them."""
        longer = fold_words([entry.text.strip("*") for _, entry in self.not_in])
        swallowed = Swallowed(cores)
        for (path, entry), text in zip(self.not_in, longer, strict=True):
            if text in cores and not (entry.case or entry.unless_before):
                self.report(path, f"{entry.text} is an alias itself and could never be found", "MON-CFG-064")
            if text:
                swallowed.add(text, entry)
        return swallowed


def _alias(concept: str, kind: _Kind, key: tuple[str, str, str], not_in: Collection[Swallower]) -> Alias:
    written, core, exact = key
    check = kind.check._replace(exact=exact, not_in=not_in) if exact or not_in else kind.check
    left, right = "*" if kind.open_left else "", "*" if kind.open_right else ""
    language = None if kind.language == "und" else kind.language
    name, beginning = kind.name, kind.open_left or kind.free_left
    values = (left + written + right, name, core, check, beginning, kind.open_right, language, concept)
    return make_alias(_make(Alias, values))


SYMBOL = _Kind("symbol", "und", PLAIN, weak=False, exact=False, open_left=False, open_right=False)


def _attaching(block: Mapping[str, Any], key: str) -> Attach:
    """What adds the clitics of a block to the entries of a key: none where letters may stand there anyway."""
    return _alone if key.startswith(("suffix", "infix")) else CLITICS.get(str(block.get("clitics")), _alone)


def _alone(word: str) -> tuple[str, ...]:
    return (word,)


def digest_of(text: str) -> str:
    """Names the text of a pack."""
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:16]


def spell_language(code: object) -> str:
    """A key of `languages`; YAML reads Norwegian's unquoted `no` as False."""
    return "no" if code is False else str(code)


def _child(node: yaml.Node | None, step: str | int) -> yaml.Node | None:
    if isinstance(node, yaml.SequenceNode) and isinstance(step, int) and step < len(node.value):
        child: yaml.Node = node.value[step]
        return child
    if isinstance(node, yaml.MappingNode):
        for key, value in node.value:
            if key.value == str(step):
                return key if not value.value else value  # type: ignore[no-any-return]
    return None
