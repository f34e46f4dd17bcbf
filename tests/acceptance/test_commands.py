"""Every command as users and scripts call it: its objects, its exit codes, and how it ends when it is cut off."""

from __future__ import annotations

import json
import os
import pty
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.support.installation import Installation
from tests.support.site import Site

pytestmark = [pytest.mark.acceptance, pytest.mark.timeout(120)]

EMPTY = b'<rss version="2.0"><channel><title>Not yet</title></channel></rss>'
NEWS = """<?xml version="1.0" encoding="utf-8"?><rss version="2.0"><channel><title>World \u202e[bold]</title>
<item><guid>1</guid><title>Drones over Ukraine \u009b2J [/nope] &#128640;</title><link>/a</link>
<pubDate>Mon, 23 Nov 2026 10:00:00 GMT</pubDate><description>A drone was seen near Odesa.</description></item>
<item><guid>2</guid><title>Weather</title><description>Sunny.</description></item>
<item></item></channel></rss>""".encode()
FRENCH = (
    "[ad_1]\r\nGuerre en Ukraine : des drones ont été abattus \U0001f680 au-dessus de Kyiv, en Ukraine.\r\n"
    ">> Lire ici : Taiwan et la Chine\r\nLa suite demain, a déclaré le maire de la ville.\r\n[ad_2]\r\nSource link -48"
)
HIT = {"field", "start", "end", "utf16", "text", "term", "kind", "concept", "language", "clause"}


class Commands:
    """Runs commands on one installation."""

    def __init__(self, installation: Installation) -> None:
        self.installation = installation
        self.environ = {**installation.environ(), "MONITOR_CONFIG": str(installation.config)}

    def run(self, *arguments: str, code: int = 0, **more: Any) -> subprocess.CompletedProcess[str]:
        """A command to its end, with the exit code it has to have."""
        more.setdefault("stdin", subprocess.DEVNULL if "input" not in more else None)
        if "input" in more:
            del more["stdin"]
        done = subprocess.run(
            [sys.executable, "-m", "monitor", *arguments],
            capture_output=True, text=True, timeout=60, env=self.environ, **more,
        )  # fmt: skip
        assert done.returncode == code, (arguments, done.returncode, done.stdout[-1000:], done.stderr[-2000:])
        assert "Traceback" not in done.stderr
        return done

    def rows(self, *arguments: str, code: int = 0, **more: Any) -> list[dict[str, Any]]:
        """The objects a command prints."""
        return [json.loads(line) for line in self.run(*arguments, "--json", code=code, **more).stdout.splitlines()]

    def start(self, *arguments: str, **more: Any) -> subprocess.Popen[str]:
        """A command that runs on, in a process group of its own as a shell would start it."""
        return subprocess.Popen(
            [sys.executable, "-m", "monitor", *arguments], env=self.environ, text=True, start_new_session=True, **more
        )


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@pytest.fixture(scope="module")
def site() -> Iterator[Site]:
    with Site({"/a.xml": lambda: EMPTY, "/b.xml": lambda: EMPTY}).running() as running:
        yield running


@pytest.fixture(scope="module")
def made(site: Site, tmp_path_factory: pytest.TempPathFactory) -> Commands:
    """An installation that has read its feeds twice; tests of this module add to it."""
    return read_twice(site, tmp_path_factory.mktemp("commands"))


@pytest.fixture
def untouched(tmp_path: Path) -> Iterator[Commands]:
    """The same for one test alone."""
    with Site({"/a.xml": lambda: EMPTY, "/b.xml": lambda: EMPTY}).running() as running:
        yield read_twice(running, tmp_path)


def read_twice(site: Site, folder: Path) -> Commands:
    """An installation whose second look at its feeds brought news."""
    installation = Installation(
        folder,
        site.port,
        admin={"port": free_port()},
        server={"port": free_port()},
        sinks=[{"kind": "jsonl"}],
    )
    slow = {"min": "1h", "max": "1h"}
    installation.feeds(
        [
            {"id": "a", "url": site.url("/a.xml"), "name": "World", "interval": slow},
            {"id": "b", "url": site.url("/b.xml"), "interval": slow},
            {"id": "gone", "url": site.url("/404.xml"), "interval": slow},
        ]
    )
    commands = Commands(installation)
    commands.rows("once", "--all")
    site.pages["/a.xml"] = lambda: NEWS
    commands.rows("once", "--all")
    return commands


@pytest.fixture(scope="module")
def alone(tmp_path_factory: pytest.TempPathFactory) -> Commands:
    """A machine without any configuration."""
    folder = tmp_path_factory.mktemp("alone")
    commands = Commands(Installation(folder, 1))
    commands.environ["MONITOR_CONFIG"] = ""
    return commands


def test_once_tells_of_every_poll_and_of_their_sum(made):
    """A summary a poll, and the total last; a feed that is named is polled although it is not due."""
    *polls, last = made.rows("once", "--feed", "b", "--feed", "gone")
    assert {poll["feed"] for poll in polls} == {"b", "gone"}
    for poll in polls:
        assert set(poll) >= {"feed", "verdict", "items", "events", "alerts", "duration_s"}
        assert set(poll["verdict"]) == {"kind", "reason"}
        assert set(poll["items"]) == {"fetched", "new", "updated", "known", "filtered", "quarantined", "cut"}
    assert last["total"]["polls"] == 2
    told = made.run("once", "--feed", "gone")
    assert ("gone: " in told.stdout, '"event": "poll"' in told.stderr) == (True, False)
    assert made.rows("once")[-1]["total"]["polls"] == 0
    assert "there is no feed nope" in made.run("once", "--feed", "nope", code=2).stderr


def test_once_ends_before_its_workers_have_started(alone, tmp_path):
    """A poll that reads nothing is over at once; a machine without configuration needs none for it."""
    poll, last = alone.rows("once", "--feed", "https://127.0.0.1/feed.xml", cwd=tmp_path)
    assert poll["verdict"] == {"kind": "blocked_address", "reason": "loopback"}
    assert last["total"]["polls"] == 1
    assert list(tmp_path.iterdir()) == []
    assert "there is no such directory" in alone.run("once", cwd=tmp_path, code=3).stderr


def test_run_dry_run_prints_events_and_keeps_nothing(made, site):
    """Events go to standard output; the ledger is one that is thrown away."""
    before = made.installation.count("events")
    with made.start("run", "--dry-run", stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) as process:
        line = json.loads(process.stdout.readline())
        process.send_signal(signal.SIGTERM)
        process.stdout.read()
        assert process.wait(timeout=30) == 0
    assert line["topic"] == "news.articles"
    assert line["value"]["change"] == "baseline"
    assert made.installation.count("events") == before


def test_once_polls_a_url_nobody_configured_and_keeps_nothing(made, site):
    """A foreign URL uses a ledger that is thrown away."""
    before = made.installation.count("states")
    poll, last = made.rows("once", "--feed", site.url("/a.xml?other"))
    assert poll["verdict"]["kind"] == "ok"
    assert last["total"]["items"]["fetched"] == 3
    assert made.installation.count("states") == before


def test_probe_reads_a_file_as_if_it_had_come_from_a_url(made, tmp_path):
    """Validators, charset, dates, the watches of each article and the next poll with its reason."""
    (tmp_path / "feed.xml").write_bytes(NEWS)
    (tmp_path / "page.html").write_text("<!doctype html><html><body>no feed</body></html>")
    url = ("--url", "https://news.example.org/feed", "--header", 'ETag: "x"', "--header", "Cache-Control: max-age=7200")
    found, page = made.rows("probe", "feed.xml", "page.html", *url, cwd=tmp_path)
    assert set(found) >= {
        "source", "verdict", "status", "redirects", "validators", "reading", "feed", "articles", "next_poll",
    }  # fmt: skip
    assert (found["source"], found["verdict"]["kind"], found["status"]) == ("feed.xml", "ok", 200)
    assert found["validators"] == {"etag": '"x"', "last_modified": None}
    assert set(found["reading"]) == {"route", "charset", "charset_source", "repairs", "entries", "quarantined", "cut"}
    assert (found["reading"]["entries"], found["reading"]["quarantined"]) == (3, 1)
    first = found["articles"][0]
    assert first["url"] == "https://news.example.org/a"
    assert first["published"] == "2026-11-23T10:00:00.000Z"
    assert first["watches"] == ["ukraine", "drones"]
    assert found["next_poll"]["after_s"] > 0
    assert found["next_poll"]["reason"]
    assert page["verdict"]["kind"] == "not_a_feed"
    assert page["reading"] is None
    assert page["articles"] == []
    assert "articles" not in made.rows("probe", str(tmp_path / "feed.xml"), "--no-articles")[0]


def test_probe_asks_a_url_past_the_guard(made, alone, site):
    """A URL is fetched like every feed; without a configuration loopback is refused."""
    (found,) = made.rows("probe", site.url("/a.xml"))
    assert found["status"] == 200
    assert found["validators"]["etag"]
    assert found["feed"]["title"].startswith("World")
    (refused,) = alone.rows("probe", site.url("/a.xml"), cwd=alone.installation.folder / "..")
    assert refused["verdict"]["kind"] in ("blocked_address", "blocked_url")
    assert made.run("probe", site.url("/a.xml"), "--url", "https://x.example/", code=2).stderr
    assert "cannot be read" in made.run("probe", "nowhere.xml", code=2).stderr


@pytest.mark.parametrize("prefix", ["", "\ufeff"])
def test_explain_shows_places_in_the_file_as_it_is(alone, tmp_path, prefix):
    """Line ends of another system and lines that were removed move no span; a BOM is no part of the text."""
    (tmp_path / "article.txt").write_bytes((prefix + FRENCH).encode())
    *rows, last = alone.rows("explain", "article.txt", cwd=tmp_path)
    assert [row["watch"] for row in rows] == ["drones", "taiwan", "ukraine"]
    drones, taiwan, ukraine = rows
    for row in rows:
        assert set(row) >= {"watch", "matched", "hits", "why_not"}
        for hit in row["hits"]:
            assert set(hit) == HIT
            assert FRENCH[hit["start"] : hit["end"]] == hit["text"]
            units = FRENCH.encode("utf-16-le")[hit["utf16"][0] * 2 : hit["utf16"][1] * 2]
            assert units.decode("utf-16-le") == hit["text"]
    assert (len(drones["hits"]), len(ukraine["hits"])) == (1, 2)
    assert not taiwan["matched"]
    assert taiwan["why_not"][0]["reason"] == "removed"
    assert last["text"] == {"language": last["text"]["language"], "chars": len(FRENCH)}
    assert [line["kind"] for line in last["removed"]] == ["T1", "T4", "T1", "T3"]
    assert all(FRENCH[line["start"] : line["end"]] == line["text"] for line in last["removed"])


def test_explain_takes_text_from_a_pipe_with_title_and_language(alone, tmp_path):
    """`--title` is judged as title, `--lang` overrules, `--watch` chooses."""
    asked = ("explain", "--title", "Taiwan", "--lang", "fr", "--watch", "taiwan")
    row, last = alone.rows(*asked, input="Rien.", cwd=tmp_path)
    assert [(hit["field"], hit["start"], hit["text"]) for hit in row["hits"]] == [("title", 0, "Taiwan")]
    assert last["text"]["language"]["tag"] == "fr"
    assert "did you mean" in alone.run("explain", "--watch", "taiwn", input="x", cwd=tmp_path, code=2).stderr
    assert alone.run("explain", "--lang", "no such", input="x", cwd=tmp_path, code=2).stderr


def test_explain_the_seed_article(alone, corpus, tmp_path):
    """The known answer for a real article: 12, 2 and 5 hits, six foreign lines."""
    file = corpus / "seed-article-fr.txt"
    text = file.read_bytes().decode()
    *rows, last = alone.rows("explain", str(file), cwd=tmp_path)
    assert {row["watch"]: row["hits_total"] for row in rows} == {"ukraine": 12, "taiwan": 2, "drones": 5}
    assert all(text[hit["start"] : hit["end"]] == hit["text"] for row in rows for hit in row["hits"])
    assert sorted(line["kind"] for line in last["removed"]) == ["T1", "T1", "T3", "T4", "T4", "T4"]
    planted = re.sub("Ta[iï]wan", "l’île", text).replace("Lire ici : Comment", "Lire ici : Taiwan, comment")
    row, _ = alone.rows("explain", "--watch", "taiwan", input=planted, cwd=tmp_path)
    assert not row["matched"]
    assert [why["reason"] for why in row["why_not"]] == ["removed"]


def test_match_on_files_lines_and_a_pipe(alone, tmp_path):
    """The query is compiled once; every source has its answer."""
    (tmp_path / "one.txt").write_text("Ukraine and Taiwan")
    (tmp_path / "two.txt").write_text("nothing")
    rows = alone.rows("match", "ukrain* OR @taiwan", "one.txt", "two.txt", cwd=tmp_path)
    assert [(row["source"], row["matched"], len(row["hits"])) for row in rows] == [
        ("one.txt", True, 2), ("two.txt", False, 0),
    ]  # fmt: skip
    assert set(rows[0]["hits"][0]) == HIT
    assert alone.rows("match", "taiwan", input="Taiwan", cwd=tmp_path)[0]["source"] == "-"
    lines = '{"id":1,"body":"x"}\n\n{"id":"b","title":"Ukraine","body":"","lang":"en"}\n'
    answers = alone.rows("match", "title:ukraine", "--jsonl", input=lines, cwd=tmp_path)
    assert [(row["id"], row["matched"]) for row in answers] == [(1, False), ("b", True)]
    broken = alone.run("match", "x", "--jsonl", input='{"id":1}\n', cwd=tmp_path, code=2)
    assert "-:1:" in broken.stderr
    assert "MON-QRY-002" in alone.run("match", "ukraine AND", input="x", cwd=tmp_path, code=2).stderr


def test_tail_prints_events_from_any_place(made):
    """Lines as in the log; topics take `*`; a cursor goes on behind what was read."""
    rows = made.rows("tail", "news.*", "--no-follow")
    assert [row["seq"] for row in rows] == sorted(row["seq"] for row in rows)
    assert {"news.articles", "news.alerts.ukraine", "news.alerts.drones", "news.dead-letters"} <= {
        row["topic"] for row in rows
    }
    assert all(set(row) == {"seq", "topic", "key", "headers", "value"} for row in rows)
    behind = made.rows("tail", "news.*", "--from", str(rows[0]["seq"]), "--limit", "1", "--no-follow")
    assert behind == rows[1:2]
    assert made.rows("tail", "news.alerts.ukraine", "--no-follow", "--limit", "0") == []
    assert made.rows("tail", "*", "--from", "end", "--no-follow") == []
    assert made.run("tail", "*", "--from", "yesterday", code=2).stderr
    assert "no topic matches no.such.*; known: " in made.run("tail", "no.such.*", "--no-follow").stderr


def test_h169_h170_text_of_feeds_is_inert_on_a_terminal(made):
    """No control character of a feed reaches the terminal, and brackets are only brackets."""
    text = made.run("tail", "*", "--from", "begin", "--no-follow").stdout
    assert "[/nope]" in text
    assert not re.search("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202e]", text)
    lines = made.run("tail", "*", "--from", "begin", "--no-follow", "--json").stdout
    assert not re.search("[\x7f-\x9f\u202e]", lines)


def test_feeds_list_status_and_export(made, tmp_path):
    """What is configured, how it does, and the same as files that are read again."""
    listed = made.rows("feeds", "list")
    assert [row["id"] for row in listed] == ["a", "b", "gone"]
    assert set(listed[0]) >= {"id", "name", "url", "language", "country", "tags", "class", "paused", "origin"}
    rows = {row["id"]: row for row in made.rows("feeds", "status")}
    assert (rows["a"]["state"], rows["gone"]["state"]) == ("ok", "failing")
    assert rows["gone"]["verdict"]["kind"] == "http_status"
    assert rows["a"]["next_poll"]["reason"]
    assert made.rows("feeds", "status", "a") == [rows["a"]]
    assert "id: a" in made.run("feeds", "status", "a").stdout
    assert "there is no feed" in made.run("feeds", "status", "c", code=2).stderr
    for form in ("yaml", "opml", "csv"):
        text = made.run("feeds", "export", "--format", form).stdout
        (tmp_path / f"list.{form}").write_text(text)
    for form in ("opml", "csv"):
        rows = made.rows("feeds", "import", str(tmp_path / f"list.{form}"), "--dry-run")
        assert {row["result"] for row in rows} == {"known"}
    assert made.run("feeds", "export", "--format", "xls", code=2).stderr


def test_h188_h190_lists_are_checked_before_anything_is_asked(made, tmp_path):
    """What is no feed is named with its line; a list that fills one host has to be confirmed."""
    (tmp_path / "bad.opml").write_text(
        '<opml version="2.0"><body>\n<outline text="x" xmlUrl="|cmd"/>\n<outline text="y" xmlUrl="file:///etc/passwd"/>\n'
        '<outline text="z" xmlUrl="https://good.example/feed"/></body></opml>'
    )
    rows = made.rows("feeds", "import", str(tmp_path / "bad.opml"), "--dry-run", code=1)
    assert [(row["result"], row["line"]) for row in rows] == [("refused", 2), ("refused", 3), ("planned", 4)]
    many = tmp_path / "many.csv"
    many.write_text("url\n" + "\n".join(f"https://one.example/{number}" for number in range(150)))
    assert "--yes" in made.run("feeds", "import", str(many), "--dry-run", code=2).stderr
    assert len(made.rows("feeds", "import", str(many), "--dry-run", "--yes")) == 150
    made.run("feeds", "import", str(many), "--yes", "--to", str(tmp_path / "feeds.yaml"))
    assert (tmp_path / "feeds.yaml").read_text().count("id: one-example-") == 150


def test_watches_list_and_test(made, tmp_path, site):
    """A case that does not come out as it says is shown, with its place, and the exit code is 1."""
    row = made.rows("watches", "list")[0]
    assert set(row) >= {"id", "name", "query", "severity", "version", "topic", "armed", "cases"}
    assert row["topic"] == f"news.alerts.{row['id']}"
    (pack,) = row["packs"]
    assert pack["name"] == row["id"]
    assert f"@{row['id']}: {pack['status']}"[:50] in made.run("watches", "list").stdout
    other = Installation(tmp_path, site.port)
    other.write("watches/chips.yaml", "id: chips\nkeywords: [TSMC, ASML]\nowner: desk\n")
    other.write("watches/chips.cases.yaml", "- {text: TSMC, expect: [TSMC]}\n")
    commands = Commands(other)
    assert [row["owner"] for row in commands.rows("watches", "list")] == [None, None, None, "desk"]
    assert [row["ok"] for row in commands.rows("watches", "test", "chips")] == [True]
    other.write("watches/chips.cases.yaml", "- {text: Chips of ASML, expect: []}\n- {text: chips, expect: [TSMC]}\n")
    first, second = commands.rows("watches", "test", "chips", code=1)
    assert first["unexpected"] == [
        {"field": "body", "start": 9, "end": 13, "text": "ASML", "term": "ASML", "concept": None, "language": None}
    ]
    assert second == {
        "watch": "chips", "case": 2, "ok": False, "text": "chips", "title": "", "lang": None, "field": "body",
        "expect": ["TSMC"], "found": [], "missing": ["TSMC"], "unexpected": [],
        "why_not": [{"reason": "absent", "message": "TSMC OR ASML does not occur", "text": None}],
        "file": "watches/chips.cases.yaml", "line": 2,
    }  # fmt: skip
    assert "expects TSMC; found nothing" in commands.run("watches", "test", code=1).stdout
    assert commands.rows("check", code=3)[0]["id"] == "MON-CFG-019"
    assert 'did you mean "chips"' in commands.run("watches", "test", "chip", code=2).stderr


def test_backtest_meets_what_the_service_met(untouched, tmp_path):
    """Over the articles of the ledger, beside whoever runs: an existing watch, an edit in a file, a new one."""
    lines = [row["value"] for row in untouched.rows("tail", "news.articles", "--no-follow")]
    alerts = [row["value"] for row in untouched.rows("tail", "news.alerts.drones", "--no-follow")]
    *rows, total = untouched.rows("watches", "backtest", "drones")
    samples = [row for row in rows if row["row"] == "sample"]
    met = {(line["article"]["id"], line["article"]["revision"]) for line in lines if "drones" in line["watches"]}
    assert {(row["article"], row["revision"]) for row in samples} == met != set()
    assert {row["article"]: row["hits"] for row in samples} == {one["article"]["id"]: one["hits"] for one in alerts}
    assert (total["row"], total["judged"], total["met"], total["against"]) == ("total", len(lines), len(met), None)
    assert total["version"] == alerts[0]["watch"]["version"]
    assert [row["day"] for row in rows if row["row"] == "day"] == [lines[0]["time"][:10]]

    edit, new = tmp_path / "edit.yaml", tmp_path / "new.yaml"
    edit.write_text("id: drones\nquery: weather\n")
    new.write_text("id: sun\nkeywords_file: sun.txt\npaused: true\n")
    (tmp_path / "sun.txt").write_text("sunny\n")
    *rows, total = untouched.rows("watches", "backtest", str(edit))
    assert (total["added"], total["removed"]) == (1, len(met))
    assert [row["title"] for row in rows if row["row"] == "added"] == ["Weather"]
    *rows, total = untouched.rows(
        "watches", "backtest", str(new), "--against", "ukraine", "--days", "1", "--samples", "0"
    )
    assert (total["watch"], total["met"], total["heavy"], total["removed"]) == ("sun", 1, "sunny", 1)
    assert {row["row"] for row in rows} == {"day", "language", "feed", "alias"}

    told = untouched.run("watches", "backtest", str(edit)).stdout
    assert "drones: 1 article met of" in told
    assert "against version" in told
    assert "more than half of the hits are of one entry: weather" in told
    assert not re.search("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202e]", told)


def test_lint_counts_the_articles_of_the_ledger(made, tmp_path):
    """Every warning of `check` and more; without a ledger it says so and goes on with dictionaries."""
    *rows, told = made.rows("watches", "lint")
    assert told["total"]["articles"] > 0
    assert told["total"]["warnings"] == len(rows)
    assert "MON-LNT-005" in told["total"]["skipped"]
    (tmp_path / "watches").mkdir()
    (tmp_path / "watches" / "w.yaml").write_text("id: w\nquery: portug*\n")
    (tmp_path / "monitor.yaml").write_text(f"data_dir: {tmp_path / 'data'}\n")
    alone = made.run("watches", "lint", "--language", "en", "--config", str(tmp_path))
    assert "hits Portugal" in alone.stdout
    assert "no articles are counted" in alone.stderr


def test_sinks_topics_dead_letters_status(made):
    """One object a row, from the file of the ledger and from the table of topics."""
    (sink,) = made.rows("sinks", "status")
    assert (sink["name"], sink["lag"], sink["dead"]) == ("jsonl", 0, 0)
    assert sink["seq"] == sink["head"] > 0
    topics = {row["topic"]: row for row in made.rows("topics", "plan")}
    assert (topics["news.articles"]["partitions"], topics["news.alerts.ukraine"]["partitions"]) == (12, 3)
    assert "kafka" in made.run("topics", "verify", code=2).stderr
    letters = made.rows("dead-letters", "list", "--feed", "a")
    assert {(letter["feed"], letter["stage"], letter["reason"]) for letter in letters} == {("a", "read", "empty")}
    assert made.rows("dead-letters", "list", "--feed", "b") == []
    assert made.run("dead-letters", "list", "--feed", "b").stdout == "none of the feed b\n"
    (status,) = made.rows("status")
    assert status["feeds"] == {"ok": 2, "failing": 1}
    assert status["last_alert"]["watch"] in ("ukraine", "drones")
    assert status["worst"][0]["host"] == "127.0.0.1"
    assert (status["running"], status["ready"], status["started"]) == (None, None, None)


def test_topics_of_a_cluster_that_is_away(tmp_path, site):
    """The exit code says that the dependency is unreachable."""
    away = f"127.0.0.1:{free_port()}"
    commands = Commands(Installation(tmp_path, site.port, sinks=[{"kind": "kafka", "bootstrap_servers": [away]}]))
    rows = commands.rows("topics", "verify", code=4)
    assert {row["state"] for row in rows} == {"unknown"}
    assert commands.run("check", "--online", code=4).stdout


def test_check_prints_every_problem_with_its_place(made, tmp_path, site):
    """Exit 3 and all mistakes at once; ok and a summary without any."""
    assert made.run("check").stdout.startswith("ok: 3 feeds, 3 watches")
    bad = Installation(tmp_path, site.port)
    bad.write("monitor.yaml", "data_dir: x\nfetch:\n  concurency: 3\nretention: {age: 30}\n")
    rows = Commands(bad).rows("check", code=3)
    assert [(row["file"], row["line"], row["path"]) for row in rows] == [
        ("monitor.yaml", 3, "fetch.concurency"), ("monitor.yaml", 4, "retention.age"),
    ]  # fmt: skip
    assert all(set(row) >= {"file", "line", "column", "path", "message", "id"} for row in rows)
    assert "did you mean" in Commands(bad).run("check", code=3).stdout
    assert "2 problems" in Commands(bad).run("feeds", "list", code=3).stderr


def test_config_doctor_version(made):
    """Where each setting comes from; the schemas; what this machine has."""
    rows = {row["path"]: row for row in made.rows("config", "show")}
    assert rows["data_dir"]["source"].startswith("monitor.yaml:")
    assert rows["app"]["source"] == "default"
    assert len(made.rows("config", "schema")) == 5
    assert json.loads(made.run("config", "schema", "feeds").stdout)["$schema"]
    assert made.run("config", "schema", "feds", code=2).stderr
    found = subprocess.run([sys.executable, "-m", "monitor", "doctor", "--json"], env=made.environ, capture_output=True)
    rows = {row["check"]: row for row in map(json.loads, found.stdout.splitlines())}
    assert all(rows[name]["ok"] for name in ("python", "decoders", "kafka codecs", "lxml", "data directory"))
    assert found.returncode == (0 if rows["names"]["ok"] else 4)
    assert set(made.rows("version")[0]) == {"version", "commit", "python", "engine"}


def test_commands_beside_the_running_daemon(made, site):
    """`tail` follows it, `feeds` changes it, `once` names who holds the directory; SIGTERM ends it with 0."""
    daemon = made.start("run", stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
    try:
        _until(lambda: made.rows("status")[0]["ready"])
        (status,) = made.rows("status")
        assert status["running"] == daemon.pid
        assert status["reload"] == {"ok": True, "problems": []}
        assert f"process {daemon.pid}" in made.run("once", code=1).stderr
        tail = made.start("tail", "news.articles", "--limit", "1", "--json", stdout=subprocess.PIPE)
        _until(lambda: _admin_answers(made))
        site.pages["/new.xml"] = lambda: NEWS
        assert made.rows("feeds", "add", site.url("/new.xml"), "--id", "new", "--class", "burst") == [
            {"id": "new", "result": "added"}
        ]
        line = json.loads(tail.communicate(timeout=60)[0])
        assert line["value"]["article"]["feed"]["id"] == "new"
        assert tail.returncode == 0
        assert {"new": "runtime"}.items() <= {row["id"]: row["origin"] for row in made.rows("feeds", "list")}.items()
        assert made.rows("feeds", "pause", "new")[0]["result"] == "paused"
        assert made.rows("feeds", "resume", "new")[0]["result"] == "resumed"
        assert "stands in the configuration" in made.run("feeds", "remove", "a", code=1).stderr
        assert made.rows("feeds", "remove", "new")[0]["result"] == "removed"
        assert "MON-RUN-404" in made.run("feeds", "remove", "new", code=1).stderr
    finally:
        daemon.send_signal(signal.SIGTERM)
        daemon.communicate(timeout=30)
    assert daemon.returncode == 0
    assert "start it with" in made.run("feeds", "add", "https://x.example/f", code=4).stderr


@pytest.mark.parametrize(
    "arguments", [("tail", "*"), ("status", "--watch"), ("explain",), ("match", "x"), ("run",), ("demo", "--port", "0")]
)
def test_h201_ctrl_c_ends_every_command_in_one_line(made, arguments):
    """Exit 130, no traceback, also for the processes that read documents."""
    process = made.start(*arguments, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    _until(lambda: _waits(process))
    os.killpg(process.pid, signal.SIGINT)
    _, errors = process.communicate(timeout=30)
    assert process.returncode == 130
    assert "Traceback" not in errors
    assert errors.rstrip().splitlines()[-1] == "interrupted"


@pytest.mark.parametrize(
    "arguments", [("tail", "*", "--from", "begin", "--no-follow"), ("feeds", "export"), ("--help",)]
)
def test_h200_a_closed_pipe_ends_a_command_quietly(made, arguments):
    """Whoever reads has seen enough: no message, exit 0."""
    with made.start(*arguments, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        process.stdout.close()
        errors = process.stderr.read()
        assert process.wait(timeout=30) == 0
    assert errors == ""


def test_h200_no_colour_and_no_terminal_codes(made):
    """On a terminal of 40 columns nothing but text is written."""
    leader, follower = pty.openpty()
    environ = {**made.environ, "COLUMNS": "40", "TERM": "xterm"}
    done = subprocess.run(
        [sys.executable, "-m", "monitor", "feeds", "status"], env=environ, stdout=follower, stderr=follower, timeout=60
    )
    os.close(follower)
    text = os.read(leader, 1 << 16)
    os.close(leader)
    assert done.returncode == 0
    assert b"\x1b" not in text
    assert b"gone" in text


def test_usage_and_help(alone, tmp_path):
    """Without arguments the help is shown; a wrong option is exit 2; `--debug` shows the traceback."""
    assert "Usage: news-monitor" in alone.run(cwd=tmp_path).stdout
    for group in ((), ("feeds",), ("watches",), ("sinks",), ("topics",), ("dead-letters",), ("config",)):
        helped = alone.run(*group, "--help", cwd=tmp_path).stdout.partition("Commands:")[2]
        assert helped
        assert "..." not in helped
    assert "No such option" in alone.run("check", "--nope", code=2, cwd=tmp_path).stderr
    assert alone.run("check", code=3, cwd=tmp_path).stdout
    assert "{TOPIC}..." in alone.run("tail", code=2, cwd=tmp_path).stderr
    for wrong in (("--port", "99999"), ("--seconds", "-3")):
        assert f"Invalid value for '{wrong[0]}'" in alone.run("demo", *wrong, code=2, cwd=tmp_path).stderr
    done = subprocess.run(
        [sys.executable, "-m", "monitor", "tail", "x", "--from", "never!", "--debug"],
        env=alone.environ, capture_output=True, text=True, cwd=tmp_path,
    )  # fmt: skip
    assert done.returncode == 2
    assert "Traceback" in done.stderr


def _waits(process: subprocess.Popen[str]) -> bool:
    """Whether a command has come so far that it only waits: it sleeps, and has used no CPU for a while."""
    assert process.poll() is None
    before = _cpu(process)
    time.sleep(0.3)
    return before == _cpu(process) and before[0] == "S" and before[1] > 20


def _cpu(process: subprocess.Popen[str]) -> tuple[str, int]:
    """State, and ticks of CPU time."""
    words = Path(f"/proc/{process.pid}/stat").read_text().rpartition(")")[2].split()
    return words[0], int(words[11]) + int(words[12])


def _until(holds, seconds: float = 40) -> None:
    deadline = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < deadline, "it did not happen"
        time.sleep(0.2)


def _admin_answers(made: Commands) -> bool:
    import yaml

    port = yaml.safe_load((made.installation.config / "monitor.yaml").read_text())["admin"]["port"]
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0
