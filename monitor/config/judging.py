"""Concept packs, watches and filters: compiled to check them, and the cases beside each watch run."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

from monitor.config import feeds, places, problems, watches
from monitor.config.config import Config
from monitor.errors import Problem
from monitor.match.compiler import check_query, compile_filter, compile_rules
from monitor.match.concepts import load_packs, own_packs, with_builtin
from monitor.match.frequencies import Frequencies
from monitor.match.lint import warnings
from monitor.match.matcher import RuleSet
from monitor.match.packs import Concept, digest_of
from monitor.match.segments import Standing, only, recompile
from monitor.match.syntax import QueryError
from monitor.model.article import FieldName
from monitor.model.ids import FeedId
from monitor.model.watch import Case, Text, Watch


@dataclass(frozen=True, slots=True)
class Judged:
    """What the match stage makes of a configuration. With problems the rules are those of no watch."""

    concepts: Mapping[str, Concept]
    rules: Standing
    versions: tuple[str, ...] = ()
    """Of every watch, paused ones too: they change with its query and with the packs it uses."""
    filters: Mapping[FeedId, RuleSet] = field(default_factory=dict)
    problems: tuple[Problem, ...] = ()
    warnings: tuple[Problem, ...] = ()


def judge(
    found_feeds: Iterable[feeds.Found],
    found_watches: Sequence[watches.Found],
    files: Mapping[str, str],
    before: Config | None = None,
    frequencies: Frequencies | None = None,
) -> Judged:
    """Compiles everything that holds a query; of what was in force before, only what has changed.

    `frequencies`: what was counted of articles; a filter is a query alone and is guessed.
    """
    concepts, wrong = _concepts(files, own_packs(before.concepts) if before else ())
    filters, more = _filters(found_feeds, concepts)
    wrong += more
    everything = [found.watch for found in found_watches]
    try:
        if before:
            rules = recompile(before.rules, everything, concepts, frequencies=frequencies)
        else:
            rules = compile_rules(everything, concepts, frequencies=frequencies)
    except QueryError as error:
        return Judged(concepts, compile_rules([], concepts), problems=(*wrong, *error.problems))
    known = _tried(before.rules, rules) if before else frozenset()
    wrong += [problem for found in found_watches if found.watch not in known for problem in _cases(found, rules)]
    versions = tuple(rules.version(watch.id) for watch in everything)
    awake = only(rules, _is_awake)
    return Judged(concepts, awake, versions, filters, tuple(wrong), warnings(rules, concepts))


def compile_anew(watches: Sequence[Watch], concepts: Mapping[str, Concept], frequencies: Frequencies) -> Standing:
    """The rules of a configuration that is in force once more, as one segment, with the anchors of these counts."""
    return only(compile_rules(watches, concepts, frequencies=frequencies), _is_awake)


def _is_awake(watch: Watch) -> bool:
    """Paused watches are checked and judge nothing."""
    return not watch.paused


def _tried(before: Standing, rules: Standing) -> frozenset[Watch]:
    """Watches with the same cases and the same version as before: those came out as they should."""
    versions = {query.watch: query.version for query in before.queries if query.watch.cases}
    return frozenset(query.watch for query in rules.queries if versions.get(query.watch) == query.version)


def _concepts(files: Mapping[str, str], before: Collection[Concept]) -> tuple[Mapping[str, Concept], list[Problem]]:
    """Built-in packs, and over them the operator's own, which are first held to the limits of every file."""
    wrong: list[Problem] = []
    texts: dict[str, str] = {}
    known = {concept.digest for concept in before}
    for name in sorted(files):
        if name.startswith("concepts/") and name.endswith((".yaml", ".yml")):
            found = [] if digest_of(files[name]) in known else places.read(name, files[name])[1]
            wrong += found
            if not found:
                texts[name] = files[name]
    packs, more = load_packs(texts, before)
    return with_builtin(packs), [*wrong, *more]


def _filters(
    found: Iterable[feeds.Found], concepts: Mapping[str, Concept]
) -> tuple[dict[FeedId, RuleSet], list[Problem]]:
    """The compiled filter of each feed that has one; feeds with the same words share it."""
    filters: dict[FeedId, RuleSet] = {}
    wrong: list[Problem] = []
    known: dict[str, RuleSet] = {}
    for feed in found:
        query = feed.spec.filter
        if query is None:
            continue
        if query not in known:
            faults = check_query(query, watches.text_place(feed.node.at(("filter",)), ""), concepts)
            wrong += [replace(fault, path=f"{feed.spec.id}.filter") for fault in faults]
            if faults:
                continue
            known[query] = compile_filter(query, concepts)
        filters[feed.spec.id] = known[query]
    return filters, wrong


def _cases(found: watches.Found, rules: Standing) -> Iterator[Problem]:
    for number, case in enumerate(found.watch.cases):
        places_found = run_case(found.watch, case, rules)
        if places_found != case.expect:
            message = f"the watch finds {_listed(places_found)}, the case expects {_listed(case.expect)}"
            yield problems.at(case.place, _path(found, number), "MON-CFG-019", message)


def _path(found: watches.Found, number: int) -> str:
    """Where a case stands: in the entry of its watch, or in a file of its own."""
    case, own = found.watch.cases[number], found.node.place.file
    if case.place.file == own:
        return problems.spell((*found.path, "cases", number))
    return problems.spell([number - sum(other.place.file != case.place.file for other in found.watch.cases[:number])])


def run_case(watch: Watch, case: Case, rules: Standing) -> tuple[str, ...]:
    """The places a watch finds in the text of a case, those of the title first; none if it is not met."""
    matches = rules.match(text_of(case), frozenset({watch.id}))
    return tuple(hit.text for match in matches for hit in match.hits)


def text_of(case: Case) -> Text:
    """What the watch of a case judges."""
    said: dict[FieldName, str] = {"title": case.title, case.field: case.text}
    return Text(
        title=said.get("title", ""),
        summary=said.get("summary", ""),
        body=said.get("body", ""),
        language=case.lang or "und",
        authors=case.authors,
        url=case.url,
        tags=case.tags,
        sources=(case.source,) if case.source else (),
        country=case.country,
    )


def _listed(texts: Sequence[str]) -> str:
    return ", ".join(f'"{text}"' for text in texts) or "nothing"
