"""`feeds`: what is polled, how it does, and changes to it while the service runs."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import typer

from monitor.cli.common import CONFIG, FAILED, JSON, configuration, group, print_json, print_rows, run_async, say, tell
from monitor.cli.input import name_of, read_bytes, whole
from monitor.errors import MonitorError, UsageError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from monitor.app.build.admin import AdminClient
    from monitor.cli.lists import Listed
    from monitor.model.snapshot import FeedRow

app = group("feeds", "What is polled, how it does, and changes to it.")
ADMIN = typer.Option(None, "--admin", metavar="HOST:PORT", help="Admin port of the service, if not the configured one.")
LISTED = ("id", "state", "class", "language", "name", "url")
STATUS = ("id", "state", "verdict", "last_poll", "next_poll", "reason")


def register(root: typer.Typer) -> None:
    """Adds the group."""
    root.add_typer(app)


@app.command("list")
def list_feeds(config: Path = CONFIG, json: bool = JSON) -> None:
    """List the feeds of the configuration and those added while running."""
    from monitor.cli.lists import as_row
    from monitor.server.shapes import state_of

    rows = [{**as_row(row.spec), "state": state_of(row)} for row in _rows(config)]
    print_rows(rows, json, LISTED)


@app.command()
def status(
    feed: str | None = typer.Argument(None, metavar="ID", help="Only this feed, in full."),
    config: Path = CONFIG,
    json: bool = JSON,
) -> None:
    """Show how feeds do. Last verdict, failures, when the next poll is due and why."""
    from monitor.server.shapes import feed_of

    found = [feed_of(row) for row in _rows(config)]
    if feed is not None:
        found = [row for row in found if row["id"] == feed] or _unknown(feed, [row["id"] for row in found])
    if json or feed is None:
        print_rows(found if json else list(map(short, found)), json, STATUS)
    else:
        say(*(f"{key}: {_spelt(value)}" for key, value in found[0].items()))


@app.command()
def add(  # noqa: PLR0913, PLR0917  one for each option
    url: str = typer.Argument(..., metavar="URL", help="http or https."),
    id_: str | None = typer.Option(None, "--id", help="Its id; made of its host without it."),
    name: str = typer.Option("", "--name", help="For people."),
    cls: str | None = typer.Option(None, "--class", help="polite, news or burst: how often it may be asked."),
    tag: list[str] = typer.Option([], "--tag", help="A word for watches and filters; repeatable."),
    language: str | None = typer.Option(None, "--language", help="BCP 47: what its articles are written in."),
    admin: str | None = ADMIN,
    config: Path = CONFIG,
    json: bool = JSON,
) -> None:
    """Add a feed to the running service; it stays over restarts."""
    given = {"url": url, "id": id_, "name": name, "class": cls, "tags": tag, "language": language}
    wanted = {key: value for key, value in given.items() if value}
    _tell_done(_change(_admin(config, admin), "POST", "", wanted), "added", json)


@app.command()
def remove(
    feed: str = typer.Argument(..., metavar="ID", help="A feed that was added while running."),
    admin: str | None = ADMIN,
    config: Path = CONFIG,
    json: bool = JSON,
) -> None:
    """Remove a feed from the running service, with its memory."""
    _tell_done(_change(_admin(config, admin), "DELETE", feed, None), "removed", json)


@app.command()
def pause(
    feed: str = typer.Argument(..., metavar="ID", help="A feed that was added while running."),
    admin: str | None = ADMIN,
    config: Path = CONFIG,
    json: bool = JSON,
) -> None:
    """Stop polling a feed of the running service; it is kept."""
    _tell_done(_change(_admin(config, admin), "PATCH", feed, {"paused": True}), "paused", json)


@app.command()
def resume(
    feed: str = typer.Argument(..., metavar="ID", help="A feed that was paused."),
    admin: str | None = ADMIN,
    config: Path = CONFIG,
    json: bool = JSON,
) -> None:
    """Poll a paused feed of the running service again."""
    _tell_done(_change(_admin(config, admin), "PATCH", feed, {"paused": False}), "resumed", json)


@app.command("import")
def import_feeds(  # noqa: PLR0913, PLR0917  one for each option
    file: Path = typer.Argument(
        ..., metavar="FILE", help="OPML, CSV with a column `url`, or one URL a line; - is standard input."
    ),
    dry_run: bool = typer.Option(False, "--dry-run", help="Show what would be added; change nothing, ask nobody."),
    yes: bool = typer.Option(False, "--yes", help="Take more than 100 feeds of one host."),
    to: Path | None = typer.Option(None, "--to", help="Write them to this YAML file instead of the running service."),
    admin: str | None = ADMIN,
    config: Path = CONFIG,
    json: bool = JSON,
) -> None:
    """Add the feeds of a list. What is no feed is named with its line and left out, and the exit code is 1."""
    from monitor.cli.lists import read_list, sorted_out
    from monitor.config.opml import crowded
    from monitor.parse.decode import decode

    known = configuration(config)
    found, wrong = read_list(name_of(file), decode(read_bytes(file)).text, known.settings.schedule.cls)
    fresh, rows = sorted_out(found, wrong, [row.spec for row in _rows(config)])
    if (crowds := crowded(one.spec for one in fresh)) and not yes:
        raise UsageError("; ".join(f"{crowd.path}: {crowd.message}" for crowd in crowds))
    if not dry_run:
        _take(fresh, to, config, admin)
    done = "planned" if dry_run else "added"
    rows = sorted([*rows, *(one.row(done) for one in fresh)], key=lambda row: row["line"])
    _tell_of(rows, json)


@app.command("export")
def export_feeds(
    form: str = typer.Option("yaml", "--format", help="yaml, opml or csv."),
    config: Path = CONFIG,
    json: bool = JSON,
) -> None:
    """Write all feeds to standard output. As a configuration file, OPML or CSV; every one with its id."""
    from monitor.cli.lists import WRITERS, as_row
    from monitor.config.problems import suggest

    if form not in WRITERS:
        raise UsageError(f"--format {whole(form)}: there is none of this name{suggest(form, sorted(WRITERS))}")
    specs = [row.spec for row in _rows(config)]
    if json:
        print_rows([as_row(spec) for spec in specs], json, ())
    else:
        print(WRITERS[form](specs), end="")


def short(row: dict[str, Any]) -> dict[str, Any]:
    """A feed's status on one line."""
    verdict = row["verdict"]["kind"] or "-"
    return {
        **row,
        "verdict": f"{verdict} {row['verdict']['reason'] or ''}".strip(),
        "next_poll": row["next_poll"]["at"],
        "reason": row["detail"] or row["next_poll"]["reason"],
    }


def _rows(directory: Path) -> Sequence[FeedRow]:
    from monitor.app.build.picture import feed_rows

    known = configuration(directory)
    return run_async(lambda: feed_rows(known))


def _unknown(feed: str, known: Sequence[str]) -> list[dict[str, Any]]:
    from monitor.config.problems import suggest

    raise UsageError(f"there is no feed {whole(feed)}{suggest(feed, known)}")


def _change(client: AdminClient, method: str, feed: str, body: dict[str, Any] | None) -> str:
    """The id of the feed that was changed."""
    path = f"/api/feeds/{quote(feed, safe='')}" if feed else "/api/feeds"
    try:
        return str(client.call(method, path, body).get("id", feed))
    finally:
        client.close()


def _tell_done(feed: str, done: str, json: bool) -> None:
    print_json({"id": feed, "result": done}) if json else say(f"{feed}: {done}")


def _admin(directory: Path, place: str | None) -> AdminClient:
    from monitor.app.build.admin import open_admin

    return open_admin(configuration(directory), place)


def _take(fresh: Sequence[Listed], to: Path | None, directory: Path, admin: str | None) -> None:
    """Hands new feeds to a file or to the running service."""
    from monitor.cli.lists import as_entry, write_yaml

    if to is not None:
        try:
            with to.open("x", encoding="utf-8") as file:
                file.write(write_yaml([one.spec for one in fresh]))
        except OSError as error:
            raise UsageError(f"{to}: cannot be written: {error.strerror}; --to makes a new file") from error
        return
    client = _admin(directory, admin)
    try:
        for number, one in enumerate(fresh):
            try:
                client.call("POST", "/api/feeds", as_entry(one.spec))
            except MonitorError as error:
                error.args = (f"{one.spec.url}: {error}; {number} of {len(fresh)} feeds were added before",)
                raise
    finally:
        client.close()


def _tell_of(rows: Sequence[dict[str, Any]], json: bool) -> None:
    from collections import Counter

    counts = Counter(row["result"] for row in rows)
    refused = [row for row in rows if row["result"] == "refused"]
    if json:
        print_rows(rows, json, ())
    else:
        say(*(f"{row['id']}  {row['url']}  {row['result']}" for row in rows if row["result"] != "refused"))
        tell(*(f"{row['file']}:{row['line']}: {row['url'] or ''} {row['message']}" for row in refused))
        say(", ".join(f"{count} {result}" for result, count in counts.items()) or "there is no feed in it")
    if refused:
        raise typer.Exit(FAILED)


def _spelt(value: Any) -> str:
    if isinstance(value, dict):
        return ", ".join(f"{key} {inner}" for key, inner in value.items() if inner not in (None, "")) or "-"
    return "-" if value in (None, "") else str(value)
