"""`docs/commands.md` names every command with an example, and every option beside it."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

import pytest
from typer.main import get_command

from monitor.cli.root import app
from tests.support.installation import ROOT

PAGE = (ROOT / "docs" / "commands.md").read_text(encoding="utf-8")
SECTIONS = dict(re.findall(r"^### `news-monitor ([a-z -]+)`\n(.*?)(?=^##|\Z)", PAGE, re.MULTILINE | re.DOTALL))
COMMON = {"--config", "-c", "--json"}


def commands(group: Any, path: tuple[str, ...] = ()) -> Iterator[tuple[str, Any]]:
    """All commands below a group, by what is typed."""
    for name, command in group.commands.items():
        if hasattr(command, "commands"):
            yield from commands(command, (*path, name))
        else:
            yield " ".join((*path, name)), command


COMMANDS = dict(commands(get_command(app)))


def test_every_command_has_a_section_and_no_section_is_left_over():
    """Neither an undocumented command nor a documented ghost."""
    assert set(SECTIONS) == set(COMMANDS)


@pytest.mark.parametrize("name", COMMANDS)
def test_every_option_stands_beside_its_command(name):
    """With an example of how to call it."""
    section = SECTIONS[name]
    options = {word for param in COMMANDS[name].params for word in param.opts + param.secondary_opts if word[0] == "-"}
    missing = {option for option in options - COMMON if not re.search(rf"{option}\b", section)}
    assert missing == set()
    assert f"$ news-monitor {name}" in section
    assert all(word in PAGE for word in COMMON)


def test_every_example_of_json_is_json():
    """One object a line."""
    lines = re.findall(r"^\{.*\}$", PAGE, re.MULTILINE)
    assert len(lines) > 20
    assert all(isinstance(json.loads(line), dict) for line in lines)
