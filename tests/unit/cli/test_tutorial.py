"""The steps of `docs/packs.md` lead where the page says."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from monitor.cli.root import run_command
from tests.support.project import DOCS

FENCED = re.compile(r"^```(yaml|console)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
SECTION = (DOCS / "packs.md").read_text(encoding="utf-8").split("## A pack of your own\n")[1].split("\n## ")[0]
STEPS: list[tuple[str, str]] = FENCED.findall(SECTION)


def call(command: str, capsys: pytest.CaptureFixture[str]) -> tuple[int, str]:
    """The exit code of a command, as a user types it, and what it printed."""
    capsys.readouterr()
    code = run_command(command.removeprefix("news-monitor ").split())
    return code, capsys.readouterr().out


def test_a_pack_of_your_own(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Every file is written where its first line says, every command prints exactly what stands below it."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("MONITOR_CONFIG", raising=False)
    codes = []
    for kind, text in STEPS:
        head, _, rest = text.partition("\n")
        if kind == "yaml":
            path = Path(head.removeprefix("# "))
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
        else:
            code, told = call(head.removeprefix("$ "), capsys)
            assert told == rest
            codes.append(code)

    assert codes == [1, 0]
    assert call("news-monitor check", capsys)[0] == 0
    assert "@warships: draft, reviewed by nobody" in call("news-monitor watches list", capsys)[1]
    assert "night desk" in call("news-monitor watches list", capsys)[1]
