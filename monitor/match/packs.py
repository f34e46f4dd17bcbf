"""Reads one concept pack: YAML → aliases, with every mistake at its line."""

from __future__ import annotations

import hashlib
from collections.abc import Hashable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import yaml

from monitor.errors import Problem
from monitor.match.clitics import CLITICS
from monitor.match.fold import UNSPACED, fold_words, script_class
from monitor.match.languages import language_group
from monitor.match.patterns import Alias, Check, NotIn, Swallower, exact_form, make_alias, make_swallowers

Path = tuple[str | int, ...]

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


@dataclass(frozen=True, slots=True)
class _Entry:
    """An alias before folding. `text` has its clitics, `written` has not."""

    path: Path
    language: str
    key: str
    text: str
    written: str
    bound: bool
    weak: bool
    free_left: bool = False

    @property
    def open_left(self) -> bool:
        return self.key.startswith(("suffix", "infix"))

    @property
    def open_right(self) -> bool:
        return self.key.startswith(("prefix", "infix"))


class _Loader(yaml.CSafeLoader):
    """A key that is written twice would silently drop its first value."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Hashable, Any]:
        keys = [key.value for key, _ in node.value]
        if len(keys) != len(set(keys)):
            twice = next(key for at, (key, _) in enumerate(node.value) if key.value in keys[:at])
            raise yaml.MarkedYAMLError(problem=f"the key {twice.value} is there twice", problem_mark=twice.start_mark)
        return super().construct_mapping(node, deep)


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
            digest=hashlib.sha256(self.text.encode()).hexdigest()[:16],
        )

    def load(self) -> dict[str, Any] | None:
        """The file as a mapping; None, with the problem reported, if it is no YAML."""
        try:
            pack = yaml.load(self.text, _Loader)  # noqa: S506 (a safe loader)
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
            yield _Entry(path, "und", "symbols", written, written, bound=False, weak=False)

    def read_scope(self, named: Mapping[Any, Any]) -> None:
        self.refuse_unknown(named, frozenset(KINDS), ("scope",))
        for key, value in named.items():
            if value not in ("any", "lang"):
                self.report(("scope", key), f"{value} is neither any nor lang", "MON-CFG-061")
        self.scope = {**SCOPE, **named}
        self.scope.setdefault("acronym", self.scope["case"])

    def blocks(self, languages: Mapping[Any, Any]) -> Iterator[_Entry]:
        for code, block in languages.items():
            path: Path = ("languages", code)
            yield from self.block(spell_language(code), self.mapping(block, path), path)

    def block(self, language: str, block: Mapping[str, Any], path: Path) -> Iterator[_Entry]:
        """The entries of one language; its exceptions and samples are put aside."""
        self.refuse_unknown(block, BLOCK_KEYS, path)
        if (clitics := block.get("clitics")) is not None and clitics not in CLITICS:
            self.report((*path, "clitics"), f"there are clitics of {', '.join(CLITICS)}", "MON-CFG-062")
        for at, entry in enumerate(self.items(block.get("not_in"), (*path, "not_in"))):
            self.not_in.append(((*path, "not_in", at), self.read_not_in(entry, (*path, "not_in", at))))
        for key in ("positive", "negative"):
            for at, sample in enumerate(self.items(block.get(key), (*path, key))):
                self.samples.append(self.read_sample(sample, language, (*path, key, at)))
        for key in KINDS:
            for at, text in enumerate(self.items(block.get(key), (*path, key))):
                yield from self.entries(language, block, key, text, (*path, key, at))
        for at, weak in enumerate(self.items(block.get("weak"), (*path, "weak"))):
            yield from self.weak_entries(language, block, weak, (*path, "weak", at))

    def weak_entries(self, language: str, block: Mapping[str, Any], weak: object, path: Path) -> Iterator[_Entry]:
        """An ambiguous alias, under each way it is written."""
        named = {"term": weak} if isinstance(weak, str) else self.mapping(weak, path)
        for kind, text in named.items():
            if kind not in WEAK_KINDS:
                self.report((*path, kind), f"there is no kind {kind}; there are {', '.join(WEAK_KINDS)}", "MON-CFG-062")
                continue
            key = "terms" if kind == "term" else kind
            yield from self.entries(language, block, key, text, (*path, kind), weak=True)

    def entries(
        self, language: str, block: Mapping[str, Any], key: str, value: object, path: Path, weak: bool = False
    ) -> Iterator[_Entry]:
        named = value if isinstance(value, dict) else {"text": value}
        self.refuse_unknown(named, frozenset({"text"}), path)
        if not (written := self.string(named.get("text"), path)):
            return
        bound = language != "und" and (self.scope.get(key) != "any" or bool(block.get("only_lang")))
        open_left = key.startswith(("suffix", "infix"))
        attach = CLITICS.get(str(block.get("clitics")), _alone) if not open_left else _alone
        free_left = block.get("left_boundary") is False
        for text in attach(written):
            yield _Entry(path, language, key, text, written, bound, weak, free_left)

    def read_not_in(self, entry: object, path: Path) -> NotIn:
        named = {"text": entry} if isinstance(entry, str) else self.mapping(entry, path)
        self.refuse_unknown(named, frozenset({"text", "unless_before", "case"}), path)
        after = named.get("unless_before") or ""
        letters = "".join(map(str, after)) if isinstance(after, list) else str(after)
        return NotIn(self.string(named.get("text"), path), "".join(fold_words(letters)), bool(named.get("case")))

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
        known: dict[tuple[str, bool, bool], tuple[Swallower, ...]] = {}
        aliases: dict[tuple[Alias, bool], None] = {}
        for entry, core in zip(entries, cores, strict=True):
            if not core:
                self.report(entry.path, f"nothing is left of {entry.written!r} after folding", "MON-CFG-063")
                continue
            shape = (core, entry.open_left, entry.open_right)
            if shape not in known:
                known[shape] = tuple(_swallowers(shape, swallowed.get(core, [])))
            aliases.setdefault((_alias(concept, entry, core, known[shape]), entry.weak))
        return list(aliases)

    def swallowed(self, cores: frozenset[str]) -> dict[str, list[tuple[str, NotIn]]]:
        """By folded pattern, the longer strings it lies in: whichever block named them."""
        longer = fold_words([entry.text.strip("*") for _, entry in self.not_in])
        found: dict[str, list[tuple[str, NotIn]]] = {}
        beginnings = _by_beginning(cores)
        for (path, entry), text in zip(self.not_in, longer, strict=True):
            if text in cores and not (entry.case or entry.unless_before):
                self.report(path, f"{entry.text} is an alias itself and could never be found", "MON-CFG-064")
            inside = {text[a:b] for a in range(len(text)) for b in range(a + 1, len(text) + 1)} & cores
            for core in sorted(inside):
                found.setdefault(core, []).append((text, entry))
            if entry.text.endswith("*") and text and script_class(text[-1]) in UNSPACED:
                for core, whole in _continued(text, beginnings):
                    found.setdefault(core, []).append((whole, entry))
        return found


def _by_beginning(cores: frozenset[str]) -> Mapping[str, list[str]]:
    """Patterns by their first two letters."""
    found: dict[str, list[str]] = {}
    for core in sorted(cores):
        found.setdefault(core[:2], []).append(core)
    return found


def _continued(text: str, beginnings: Mapping[str, list[str]]) -> Iterator[tuple[str, str]]:
    """Patterns that begin in a longer string and go on behind it: 洋两岸 and 两岸关系 make 洋两岸关系."""
    known: set[str] = set()
    for at in range(1, len(text) - 1):
        shared = text[at:]
        for core in beginnings.get(shared[:2], ()):
            if len(core) > len(shared) and core.startswith(shared) and core not in known:
                known.add(core)
                yield core, text + core[len(shared) :]


def _swallowers(shape: tuple[str, bool, bool], longer: list[tuple[str, NotIn]]) -> Iterator[Swallower]:
    core, left, right = shape
    for text, not_in in longer:
        yield from make_swallowers(core, text, not_in, left, right)


def _alias(concept: str, entry: _Entry, core: str, not_in: tuple[Swallower, ...]) -> Alias:
    left, right = entry.open_left, entry.open_right
    cased = entry.key in ("case", "acronym")
    exact = cased or entry.key.endswith("accent")
    check = Check(
        exact=exact_form(entry.text, cased) if exact else "",
        cased=cased,
        acronym=entry.key == "acronym",
        language=language_group(entry.language) if entry.bound else "",
        not_in=not_in,
    )
    return make_alias(
        Alias(
            written=("*" if left else "") + entry.written + ("*" if right else ""),
            kind="symbol" if entry.key == "symbols" else KINDS[entry.key],
            core=core,
            check=check,
            open_left=left or entry.free_left,
            open_right=right,
            language=None if entry.language == "und" else entry.language,
            concept=concept,
        )
    )


def _alone(word: str) -> tuple[str, ...]:
    return (word,)


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
