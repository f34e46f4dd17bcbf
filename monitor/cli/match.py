"""`match`: one query on texts, without a watch."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

import typer

from monitor.cli.common import CONFIG, JSON, USAGE, print_json, say, tell, trial_configuration
from monitor.cli.explain import check_language
from monitor.cli.input import STDIN, name_of, read_bytes, whole
from monitor.errors import UsageError

if TYPE_CHECKING:
    from monitor.match.matcher import RuleSet


def register(app: typer.Typer) -> None:
    """Adds the command."""
    app.command()(match)


def match(
    query: str = typer.Argument(..., metavar="QUERY", help="In the language of docs/queries.md, in quotes."),
    files: list[Path] = typer.Argument(None, metavar="FILE", help="Texts; standard input without any."),
    jsonl: bool = typer.Option(False, "--jsonl", help='The input is one {"id","title","body","lang"} a line.'),
    lang: str | None = typer.Option(None, "--lang", help="The language of the texts (BCP 47)."),
    config: Path = CONFIG,
    json: bool = JSON,
) -> None:
    """Try a query on texts. Each is judged as it stands, nothing is removed."""
    check_language(lang)
    rules = compiled(whole(query), config)
    for file in files or [STDIN]:
        if jsonl:
            for answer in judged_lines(rules, file, lang):
                print_json(answer)
        else:
            answer = judged_file(rules, file, lang)
            print_json(answer) if json else say(*sentences(answer))


def compiled(query: str, directory: Path) -> RuleSet:
    """The query as a rule set of one watch. Ends the command where it is wrong, with every reason."""
    from monitor.match.compiler import compile_rules
    from monitor.match.syntax import QueryError
    from monitor.model.ids import WatchId
    from monitor.model.watch import Watch

    try:
        return compile_rules([Watch(WatchId("query"), query)], trial_configuration(directory).concepts)
    except QueryError as error:
        tell(*map(str, error.problems))
        raise typer.Exit(USAGE) from error


def judged_file(rules: RuleSet, file: Path, lang: str | None) -> dict[str, Any]:
    """`{"source","matched","hits","hits_total","limits"}` of one text."""
    from monitor.parse.decode import decode

    return {"source": name_of(file), **judged(rules, "", decode(read_bytes(file)).text, lang)}


def judged_lines(rules: RuleSet, file: Path, lang: str | None) -> Iterator[dict[str, Any]]:
    """The same with `id` for `source`, of each line that is one object. Raises UsageError at one that is none."""
    import msgspec

    from monitor.cli.judging import Line

    decoder = msgspec.json.Decoder(Line)
    with opened(file) as stream:
        for number, line in enumerate(stream, 1):
            if line.strip():
                try:
                    one = decoder.decode(line)
                except (msgspec.DecodeError, UnicodeDecodeError) as error:
                    raise UsageError(f"{name_of(file)}:{number}: not the object that --jsonl needs: {error}") from error
                yield {"id": one.id, **judged(rules, one.title or "", one.body, one.lang or lang)}


@contextmanager
def opened(file: Path) -> Iterator[BinaryIO]:
    """A file, or standard input. Raises UsageError."""
    if file == STDIN:
        yield sys.stdin.buffer
        return
    try:
        stream = file.open("rb")
    except OSError as error:
        raise UsageError(f"{name_of(file)}: cannot be read: {error.strerror}") from error
    with stream:
        yield stream


def judged(rules: RuleSet, title: str, body: str, lang: str | None) -> dict[str, Any]:
    """Whether the query is met, and where. The language is looked for only if an alias depends on it."""
    from monitor.cli.judging import spoken
    from monitor.match.scan import is_cut
    from monitor.model.watch import Text
    from monitor.normalise.language import primary
    from monitor.publish.envelope import hit

    language = primary(spoken(title, body, lang).tag).lower() if lang or asks_language(rules) else "und"
    found = rules.match(Text(title=title, body=body, language=language))
    if not found:
        return {"matched": False, "hits": [], "hits_total": 0, "limits": ["field"] if is_cut(title, body) else []}
    (met,) = found
    texts = {"title": title, "body": body}
    # A field border that a file has is judged as a blank, and is shown as what it is.
    hits = [{**hit(one), "text": texts[one.field][one.start : one.end]} for one in met.hits]
    return {"matched": True, "hits": hits, "hits_total": met.hits_total, "limits": list(met.limits)}


def asks_language(rules: RuleSet) -> bool:
    """Whether the query names a language, or a concept: some of its aliases count only in texts of their language."""
    from monitor.match.syntax import leaves

    every = [leaf for query in rules.queries for leaf in leaves(query.tree)]
    return any(leaf.kind == "concept" or leaf.meta == "lang" for leaf in every)


def sentences(answer: dict[str, Any]) -> Iterator[str]:
    """One text, for people."""
    from monitor.cli.judging import LIMITS
    from monitor.cli.text import counted, inert

    said = counted(answer["hits_total"], "hit") if answer["matched"] else "not met"
    yield f"{answer['source']}: {said}"
    yield from (f"  {LIMITS[limit]}" for limit in answer["limits"])
    for one in answer["hits"]:
        yield f"  {one['field']} {one['start']}–{one['end']}  {inert(one['text'])}  {inert(one['term'])}"
