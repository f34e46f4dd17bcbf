"""`doctor`: whether this machine has what the service needs."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

from monitor.cli.common import CONFIG, FAILED, JSON, UNREACHABLE, print_json, run_async, say, trial_configuration

if TYPE_CHECKING:
    from monitor.app.build.doctor import Finding
    from monitor.config.config import Config


def register(app: typer.Typer) -> None:
    """Adds the command."""
    app.command()(doctor)


def doctor(config: Path = CONFIG, json: bool = JSON) -> None:
    """Check this machine and what it depends on. The exit code is 1 for what is wrong here, 4 for what is elsewhere."""
    known = trial_configuration(config)
    findings = run_async(lambda: _examine(known, json))
    if any(not one.ok and not one.dependency for one in findings):
        raise typer.Exit(FAILED)
    if any(not one.ok for one in findings):
        raise typer.Exit(UNREACHABLE)


async def _examine(config: Config, json: bool) -> list[Finding]:
    from monitor.app.build.doctor import examine

    findings = []
    async for one in examine(config):
        findings.append(one)
        print_json(as_object(one)) if json else say(sentence(one))
    return findings


def as_object(one: Finding) -> dict[str, Any]:
    """One answer, for programs."""
    return {"check": one.check, "ok": one.ok, "detail": one.detail, "remedy": one.remedy}


def sentence(one: Finding) -> str:
    """One answer, for people."""
    return f"{'ok' if one.ok else 'NO':<4}{one.check}: {one.detail}{f'; {one.remedy}' if one.remedy else ''}"
