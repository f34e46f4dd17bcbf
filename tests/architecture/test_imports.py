"""Who may import whom, and that nothing is forgotten."""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Iterator

import pytest

from tests.support.project import ROOT, Module, modules, modules_of_tests

PAGES = {"monitor.match.reference"}
"""Write a page of the documentation; the tests that compare it call them."""


@pytest.mark.timeout(120)
def test_import_contracts_hold() -> None:
    """The contracts of `pyproject.toml`: layers, purity, each technology in its folder."""
    command = [sys.executable, "-c", "from importlinter.cli import lint_imports_command as run; run()", "--no-cache"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout[-4000:] + done.stderr[-2000:]


def test_every_module_is_imported_by_something() -> None:
    """A module nobody needs is not kept; what is run by itself says so with `__main__`."""
    known = {module.name for module in modules()}
    used = {found for module in (*modules(), *modules_of_tests()) for found in _imported(module, known)}
    by_code = {found for module in modules() for found in _imported(module, known)}
    orphans = [
        module.name
        for module in modules()
        if not module.is_package
        and module.name not in PAGES
        and '"__main__"' not in module.text
        and not module.name.endswith(".__main__")
        and module.name not in (used if module.name.startswith("monitor.testing.") else by_code)
    ]
    assert orphans == []


def _imported(module: Module, known: set[str]) -> Iterator[str]:
    """Names of our modules that a module imports, wherever in its text."""
    for node in ast.walk(module.tree):
        match node:
            case ast.Import(names=names):
                yield from (alias.name for alias in names if alias.name != module.name)
            case ast.ImportFrom(module=str(source), names=names):
                if source != module.name:
                    yield source
                yield from (inner for alias in names if (inner := f"{source}.{alias.name}") in known)
