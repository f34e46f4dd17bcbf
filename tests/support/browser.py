"""A real browser, spoken to over WebDriver (W3C), for pages on loopback only."""

from __future__ import annotations

import asyncio
import re
import shutil
from base64 import b64decode
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import aiohttp

QUIET = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-dev-shm-usage",
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",
)
"""No window, and no word to anybody but loopback."""


def browser_missing() -> str | None:
    """Why there is no browser to test with; None if there is."""
    for program in ("chromium", "chromedriver"):
        if shutil.which(program) is None:
            return f"no {program} on this machine"
    return None


@dataclass(frozen=True)
class Browser:
    """One window."""

    client: aiohttp.ClientSession
    session: str

    async def ask(self, method: str, command: str, body: dict[str, Any] | None = None) -> Any:
        """The value of a WebDriver command; its error as a text that begins with `error:`."""
        data = {"json": body or {}} if method == "POST" else {}
        async with self.client.request(method, f"/session/{self.session}{command}", **data) as answer:
            value = (await answer.json())["value"]
            return f"error:{value['error']}" if isinstance(value, dict) and "error" in value else value

    async def open(self, url: str) -> None:
        """Loads a page and waits for what it loads."""
        assert await self.ask("POST", "/url", {"url": url}) is None

    async def resize(self, width: int, height: int) -> None:
        """The page itself gets this size, pixels."""
        metrics = {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": True}
        await self._tell("Emulation.setDeviceMetricsOverride", metrics)

    async def prefer(self, scheme: str) -> None:
        """`light` or `dark`."""
        await self._tell(
            "Emulation.setEmulatedMedia", {"features": [{"name": "prefers-color-scheme", "value": scheme}]}
        )

    async def _tell(self, command: str, params: dict[str, Any]) -> None:
        await self.ask("POST", "/goog/cdp/execute", {"cmd": command, "params": params})

    async def title(self) -> str:
        """Of the page, or the error that a dialog is in the way."""
        return await self.ask("GET", "/title")

    async def dialog(self) -> str | None:
        """The text of the open dialog; None if there is none."""
        text = await self.ask("GET", "/alert/text")
        return None if text == "error:no such alert" else text

    async def run(self, script: str) -> Any:
        """What a script of ours returns."""
        return await self.ask("POST", "/execute/sync", {"script": script, "args": []})

    async def picture(self, file: Path) -> None:
        """What is to be seen, as PNG."""
        file.write_bytes(b64decode(await self.ask("GET", "/screenshot")))


@asynccontextmanager
async def browser(profile: Path) -> AsyncIterator[Browser]:
    """A browser with a profile of its own, ended with the block."""
    driver = await asyncio.create_subprocess_exec(
        "chromedriver", "--port=0", stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.DEVNULL
    )
    try:
        async with aiohttp.ClientSession(f"http://127.0.0.1:{await _port(driver)}") as client:
            async with client.post("/session", json=_wanted(profile)) as answer:
                value = (await answer.json())["value"]
            window = Browser(client, value["sessionId"])
            try:
                yield window
            finally:
                await window.ask("DELETE", "")
    finally:
        driver.terminate()
        await driver.communicate()


async def _port(driver: asyncio.subprocess.Process) -> int:
    assert driver.stdout is not None
    async for line in driver.stdout:
        if found := re.search(rb"successfully on port (\d+)", line):
            return int(found[1])
    raise AssertionError("chromedriver did not start")


def _wanted(profile: Path) -> dict[str, Any]:
    options = {"args": [*QUIET, f"--user-data-dir={profile}"], "binary": shutil.which("chromium")}
    wanted = {"browserName": "chrome", "unhandledPromptBehavior": "ignore", "goog:chromeOptions": options}
    return {"capabilities": {"alwaysMatch": wanted}}
