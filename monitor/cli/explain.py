"""`explain`: what each watch finds in a text, or why it finds nothing."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import typer

from monitor.cli.common import CONFIG, JSON, print_json, say, trial_configuration
from monitor.cli.input import read_bytes, whole
from monitor.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from monitor.config.config import Config
    from monitor.match.segments import Standing


def register(app: typer.Typer) -> None:
    """Adds the command."""
    app.command()(explain)


def explain(
    file: Path | None = typer.Argument(None, metavar="FILE", help="A text; standard input without it."),
    lang: str | None = typer.Option(None, "--lang", help="Its language (BCP 47); detected without it."),
    title: str = typer.Option("", "--title", help="The headline above it."),
    watch: list[str] = typer.Option([], "--watch", help="Only this watch; may be given again."),
    config: Path = CONFIG,
    json: bool = JSON,
) -> None:
    """Show what each watch finds in a text, where, and why not."""
    from monitor.cli.judging import examine, sentences, text_of, verdict_of
    from monitor.parse.decode import decode

    check_language(lang)
    known = trial_configuration(config)
    check_watches(watch, known)
    raw, rules = decode(read_bytes(file)).text, all_rules(known)
    examined = examine(raw, rules, title=whole(title), lang=lang, concepts=known.concepts)
    results = [found for found in examined.results if not watch or found.watch in watch]
    if json:
        for found in results:
            print_json(verdict_of(examined, found))
        print_json(text_of(examined))
    else:
        say(*sentences(examined, results))


def all_rules(config: Config) -> Standing:
    """The rules with paused watches: of those it is explained that they are paused."""
    from monitor.match.compiler import compile_rules

    if any(watch.paused for watch in config.watches):
        return compile_rules(config.watches, config.concepts)
    return config.rules


def check_watches(named: Sequence[str], config: Config) -> None:
    """Raises UsageError for a watch that does not exist."""
    from monitor.config.problems import suggest

    known = [watch.id for watch in config.watches]
    for name in named:
        if name not in known:
            raise UsageError(f"there is no watch {whole(name)}{suggest(name, known)}")


def check_language(tag: str | None) -> None:
    """Raises UsageError for what is no language tag."""
    from monitor.normalise.language import read_tag

    if tag is not None and not read_tag(tag):
        raise UsageError(f"--lang {whole(tag)}: needs a language tag, for example fr or pt-BR")
