"""What must never be in a tracked file, and what tests must never do."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

from tests.support.project import Module, modules, modules_of_tests, texts

REGISTRIES = re.compile(
    "|".join(
        (
            r"pypi\." + "org",
            r"pythonhosted\." + "org",
            r"registry\.npm" + "js",
            r"repo1?\.maven",
            r"maven\.apache\." + "org/maven2",
        )
    )
)
"""Hosts of registries: where packages come from is the business of whoever installs."""
MACHINE = re.compile(r"(?<![\w.~/:-])/(?:" + "|".join(("wo" + "rk", "ro" + "ot", "ho" + "me", "t" + "mp")) + r")/[\w.]")
"""A path of one machine."""
CLIENTS = re.compile(
    r"ClientSession\(|aiohttp\.request\(|urllib\.request|\bhttp\.client\b|create_connection|open_connection|"
    r"(?:import|from) (?:requests|httpx|urllib3|ftplib|smtplib|poplib|imaplib|telnetlib|socketserver)\b"
)
"""What opens connections."""
WAYS = {
    "monitor/adapters/http/fetcher.py",  # the guarded session
    "monitor/adapters/admin.py",  # our own admin port, on loopback or as configured
}
SECRET = re.compile("-----BEGIN [A-Z ]*PRIVATE" + " KEY-----|AKIA[0-9A-Z]{16}|gh[pousr]_[A-Za-z0-9]{36}")


def test_no_host_of_a_registry() -> None:
    """Also not in lock files."""
    assert _lines(REGISTRIES) == []


def test_no_path_of_a_machine() -> None:
    """A path that exists on one machine only helps nobody else."""
    assert _lines(MACHINE) == []


def test_no_secret() -> None:
    """Keys of tests are made when they run."""
    assert _lines(SECRET) == []


def test_h31_b23_one_way_out() -> None:
    """One module makes the guarded session; nothing else of ours can reach a stranger."""
    clients = {
        str(module.path): sorted(found)
        for module in modules()
        if (found := set(CLIENTS.findall(module.text))) and str(module.path) not in WAYS
    }
    assert clients == {}


def test_tests_do_not_patch_our_modules() -> None:
    """What a test wants to be different is an argument; a patched module is not the program."""
    found = [f"{module.path}:{line}" for module in modules_of_tests() for line in _patches(module)]
    assert found == []


def _lines(pattern: re.Pattern[str]) -> list[str]:
    return [
        f"{path}:{number}: {line.strip()[:100]}"
        for path, text in texts()
        for number, line in enumerate(text.splitlines(), 1)
        if pattern.search(line)
    ]


def _patches(module: Module) -> Iterator[int]:
    """Lines with `monkeypatch.setattr(ours, …)`, `patch("monitor…")` or `patch.object(ours, …)`."""
    ours = set(_names_of_ours(module.tree))
    for node in ast.walk(module.tree):
        if isinstance(node, ast.Call) and node.args and _is_patching(node.func):
            target = node.args[0]
            if (isinstance(target, ast.Constant) and str(target.value).startswith("monitor")) or _root(target) in ours:
                yield node.lineno


def _is_patching(function: ast.expr) -> bool:
    return (
        ast.unparse(function).split(".")[-1] in {"setattr", "delattr", "patch", "object", "setitem"}
        and re.match(r"monkeypatch\.|mocker\.|(\w+\.)?patch(\.object)?$", ast.unparse(function)) is not None
    )


def _names_of_ours(tree: ast.Module) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and (node.module or "").split(".")[0] == "monitor":
            yield from (alias.asname or alias.name for alias in node.names)
        elif isinstance(node, ast.Import):
            yield from (alias.asname or "monitor" for alias in node.names if alias.name.split(".")[0] == "monitor")


def _root(target: ast.expr) -> str | None:
    while isinstance(target, ast.Attribute):
        target = target.value
    return target.id if isinstance(target, ast.Name) else None
