"""Whatever stands in the files, the answer is a configuration or all that is wrong with it."""

from __future__ import annotations

import json
import re
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from monitor.config import opml, places
from monitor.config.diff import diff
from monitor.config.export import effective, spell_value
from monitor.config.load import load
from monitor.errors import ConfigError

NAMES = (
    "monitor.yaml",
    "conf.d/a.yaml",
    "feeds/a.yaml",
    "feeds/b.opml",
    "watches/a.yaml",
    "watches/a.txt",
    "concepts/a.yaml",
)
KEYS = st.sampled_from(
    [
        "contact",
        "fetch",
        "concurrency",
        "hosts",
        "overrides",
        "sinks",
        "kind",
        "name",
        "feeds",
        "defaults",
        "url",
        "id",
        "class",
        "interval",
        "min",
        "max",
        "watches",
        "query",
        "keywords",
        "keywords_file",
        "cases",
        "text",
        "expect",
        "server",
        "port",
    ]
)
WORDS = st.sampled_from(
    ["30s", "10%", "news", "kafka", "jsonl", "https://example.org/a", "a", "@ukraine", "drone*", "uk", "a.txt", ""]
)
SCALARS = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | WORDS | st.text(max_size=12)
TREES = st.recursive(
    SCALARS, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(KEYS, inner, max_size=5), max_leaves=25
)
TEXTS = st.text(max_size=80) | st.text("{}[]:,-&*!|>'\"@#%\n\t ab", max_size=80) | TREES.map(json.dumps)


def wrong(files: dict[str, str], environ: dict[str, str]) -> bool:
    """False if all is as it has to be: a configuration, or problems with words. Any other exception is a fault."""
    try:
        config = load(files, {}, environ)
    except ConfigError as error:
        return not error.problems or not all(problem.id and problem.message for problem in error.problems)
    return not list(effective(config.settings, config.tree)) or bool(diff(config, config))


@settings(max_examples=100, deadline=None)
@given(
    st.dictionaries(st.sampled_from(NAMES), TEXTS, max_size=3),
    st.dictionaries(
        st.sampled_from(["MONITOR__SINKS", "MONITOR__FETCH__PROXY", "MONITOR____", "MONITOR__A"]), TEXTS, max_size=2
    ),
)
def test_any_text_is_a_configuration_or_problems(files: dict[str, str], environ: dict[str, str]) -> None:
    """No other exception, whatever the texts are."""
    assert not wrong(files, environ)


@settings(max_examples=60, deadline=None)
@given(st.sampled_from(NAMES[:5]), TREES)
def test_any_tree_is_a_configuration_or_problems(name: str, tree: Any) -> None:
    """Right keys with wrong values in wrong places."""
    assert not wrong({name: json.dumps(tree, ensure_ascii=False)}, {})


@settings(max_examples=60, deadline=None)
@given(TREES)
def test_json_is_read_as_json(tree: Any) -> None:
    """What YAML shares with JSON means the same here, but for numbers nobody writes."""
    text = json.dumps(tree, ensure_ascii=True)
    documents, problems = places.read("a", text)
    if not problems and "e" not in text and "." not in text and not re.search(r"\d{16}", text):
        assert json.loads(json.dumps(documents[0].plain())) == json.loads(text)


@settings(max_examples=60, deadline=None)
@given(st.text(max_size=200) | st.text("<>/opmlutine xUrl=\"'&;![]-", max_size=120))
def test_any_text_is_outlines_or_problems(text: str) -> None:
    """No exception out of the parser."""
    found, problems = opml.read("a.opml", f"<opml><body>{text}</body></opml>", "polite")

    assert isinstance(found, list)
    assert all(problem.id == "MON-CFG-015" for problem in problems)


@settings(max_examples=30, deadline=None)
@given(st.integers(1, 10_000), st.integers(0, 20), st.sampled_from(["30s", "1m", "1500ms"]))
def test_settings_written_out_are_the_same_settings(concurrency: int, redirects: int, timeout: str) -> None:
    """What `config show` prints can be put into a file."""
    text = json.dumps({"fetch": {"concurrency": concurrency, "max_redirects": redirects, "total_timeout": timeout}})
    config = load({"monitor.yaml": text}, {}, {})

    again = load({"monitor.yaml": json.dumps(spell_value(config.settings))}, {}, {})

    assert again.settings == config.settings
    assert again.generation == config.generation
