"""The one way out: fetching over aiohttp, behind the guard at every socket. Port: `Fetcher`."""
