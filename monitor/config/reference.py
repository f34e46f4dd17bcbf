"""The reference page `docs/configuration.md` and the table of ids in `docs/errors.md`, made from the code."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from monitor.config import described
from monitor.config.cases import CaseEntry
from monitor.config.feeds import FeedEntry, IntervalEntry
from monitor.config.problems import IDS
from monitor.config.schema import LEDGERS, SINKS, Settings
from monitor.config.watches import WatchEntry

HEAD = """\
# Configuration

<!-- Made from the code: `python -m monitor.config.reference > docs/configuration.md`. -->

A directory (`--config DIR`, `MONITOR_CONFIG`, else `config/`). Nothing in it is needed: an empty one runs and says
what is missing.

```
monitor.yaml        everything but feeds, watches and concepts
conf.d/*.yaml       merged over it in the order of names: mappings key by key, everything else replaced
feeds/*.yaml|*.opml what to poll
watches/*.yaml      what to look for; ID.cases.yaml holds the cases of watch ID
concepts/*.yaml     concept packs of your own; one with the name of a built-in pack takes its place
schema/*.json       for editors: completion and checks while you type
```

Weakest first: the defaults below, `monitor.yaml`, `conf.d/*.yaml`, the environment. `MONITOR__FETCH__CONCURRENCY=64`
sets `fetch.concurrency`, `MONITOR__DATA_DIR=/var/lib/news` a key at the top; lists and mappings are written in YAML's
short form (`MONITOR__SINKS='[{kind: stdout}]'`). Names with single underscores are left alone. Files have no `${…}`.

- **Units.** Durations are written `500ms`, `30s`, `5m`, `1h`, `7d`; sizes `512KiB`, `10MiB`, `2GiB`; ratios `10%`.
  A bare number is an error.
- **YAML** without its surprises: only `true` and `false` are booleans (`NO` is Norway), a key stands once, no tags,
  at most 5 MiB a file.
- **Secrets** stand in files of their own; a key that ends in `_file` takes the path, absolute or from where the program
  was started. The last newline is not part of the secret, and a changed file is read again.
- **Mistakes** are all reported at once, each with file, line and column: `news-monitor check`. Their ids:
  [errors](errors.md).
- **Changes** are taken up while running, half a second after the last one, all or nothing: a wrong file changes
  nothing. {restart} wait for the next start. A change that removes more than 10 feeds, and more than 10 % of them,
  needs `allow_mass_removal: true`.
- **`news-monitor config show`** prints every value with the file and line it comes from.
"""

FEEDS = """\
## Feeds: `feeds/*.yaml`

```yaml
defaults: {class: news, tags: [world]}      # any key of a feed but id and url
feeds:
  - {id: bbc-world, url: "https://feeds.bbci.co.uk/news/world/rss.xml", language: en, country: GB}
  - {url: "https://example.org/feed.xml"}   # a feed needs only this
```

`*.opml` files are read as other readers export them. The same id twice is an error, the same feed under two URLs a
warning.
"""

WATCHES = """\
## Watches: `watches/*.yaml`

```yaml
id: chips
keywords: [TSMC, "chip war", semiconduct*]
severity: high
cases:
  - {text: "TSMC opens a plant in Dresden", lang: en, expect: [TSMC]}
  - {text: "Fish and chips by the sea", lang: en, expect: []}
```

One watch a file, several with `---` between them, or a list under `watches:`. Many cases, and long ones, stand better
in a file of their own, named after the watch: `watches/chips.cases.yaml`.

```yaml
- {text: "TSMC opens a plant in Dresden", lang: en, expect: [TSMC]}
- title: "Fab in Dresden"
  text: |
    The semiconductor maker TSMC opens a plant.
    It will employ 2,000 people.
  lang: en
  expect: [semiconductor, TSMC]
```
"""


def configuration() -> str:
    """The text of `docs/configuration.md`."""
    from monitor.config.diff import AT_START

    parts = [HEAD.replace("{restart}", ", ".join(f"`{name}`" for name in AT_START)), "## Settings: `monitor.yaml`\n"]
    parts += ["\n".join(table(Settings, "", plain=True)), *_sections(Settings, "")]
    parts += ["## Ledgers\n", *("\n".join(_kind(f"ledger: {kind}", owner)) for kind, owner in LEDGERS.items())]
    parts += ["## Sinks\n", *("\n".join(_kind(f"sinks: {kind}", owner)) for kind, owner in SINKS.items())]
    parts += [FEEDS, "\n".join(table(FeedEntry, "")), _named("Interval", IntervalEntry)]
    parts += [WATCHES, "\n".join(table(WatchEntry, "")), _named("Cases", CaseEntry)]
    return "\n\n".join(part.strip("\n") for part in parts) + "\n"


def _named(title: str, owner: Any) -> str:
    return "\n".join([f"### {title}\n", described.summary(owner) + "\n", *table(owner, "")])


def _sections(owner: Any, prefix: str) -> Iterator[str]:
    """One section for each mapping below, in the order of the schema."""
    for key in described.describe(owner):
        for inner in described.nested(key.kind) if key.name not in {"sinks", "ledger"} else ():
            path = f"{prefix}{key.name}"
            yield "\n".join([f"### {path}\n", described.summary(inner) + "\n", *table(inner, f"{path}.", key.default)])
            yield from _sections(inner, f"{path}.")


def _kind(title: str, owner: Any) -> Iterator[str]:
    """One kind of ledger or sink, with the mappings inside."""
    yield f"### {title}\n"
    yield described.summary(owner) + "\n"
    yield from table(owner, "")
    for key in described.describe(owner):
        for inner in described.nested(key.kind):
            yield f"\n`{key.name}`: {described.summary(inner)}\n"
            yield from table(inner, f"{key.name}.")


def table(owner: Any, prefix: str, values: Any = None, *, plain: bool = False) -> Iterator[str]:
    """The keys of a class as a table. `plain`: without those that have a section of their own.

    `values` are the defaults where the class is used, if they differ from its own.
    """
    values = values or {}
    yield "| key | takes | default | |"
    yield "|---|---|---|---|"
    for key in described.describe(owner):
        if not (plain and described.nested(key.kind)):
            takes = key.takes.replace("|", "\\|")
            yield f"| `{prefix}{key.name}` | {takes} | {_default(values.get(key.name, key.default))} | {key.text} |"


def _default(value: Any) -> str:
    if value is described.REQUIRED:
        return "needed"
    if isinstance(value, dict):
        return "see below"
    return f"`{value}`" if isinstance(value, str) and value else f"`{json.dumps(value)}`"


def errors() -> str:
    """The table of configuration ids in `docs/errors.md`."""
    return "\n".join(["| id | |", "|---|---|", *(f"| `{code}` | {text} |" for code, text in IDS.items())]) + "\n"


if __name__ == "__main__":
    import sys

    sys.stdout.write(configuration())
