"""One command: it starts, answers, mends what dies, stops cleanly, starts again over the same data, and only once."""

import os
import re
import signal
import stat
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

import psutil
import pytest

from config import DEFAULT_SECRET, Settings, own_secret
from tests.conftest import free_port

ROOT = Path(__file__).resolve().parents[1]
pytestmark = pytest.mark.redis


@pytest.fixture
def place(tmp_path):
    """An empty data folder and a free port, as an environment."""
    kept = {
        name: value for name, value in os.environ.items() if name not in ("DATABASE_URL", "REDIS_URL", "SECRET_KEY")
    }
    return {**kept, "DATA_DIR": str(tmp_path / "var"), "PORT": str(free_port()), "DEMO": "0", "WORKERS": "1"}


def begin(place, log):
    return subprocess.Popen([sys.executable, "run.py"], cwd=ROOT, env=place, stdout=log, stderr=log)


def health(place):
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{place['PORT']}/health", timeout=5) as answer:
            return answer.status
    except OSError:
        return None


def wait_until(condition, seconds=60):
    limit = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < limit, "it did not happen"
        time.sleep(0.1)


@pytest.mark.slow
def test_one_command_starts_mends_stops_and_starts_again(place, tmp_path):
    said = tmp_path / "said.txt"
    with said.open("wb") as log:
        supervisor = begin(place, log)
        try:
            wait_until(lambda: health(place) == 200)
            wait_until(lambda: "Nobody can sign in yet" in said.read_text())
            assert "Kabinet runs at" in said.read_text()
            second = subprocess.run([sys.executable, "run.py"], cwd=ROOT, env=place, capture_output=True, text=True)
            assert second.returncode == 1
            assert "already runs" in second.stderr
            for child in psutil.Process(supervisor.pid).children():
                child.kill()
            wait_until(lambda: len(re.findall("starting it again", said.read_text())) >= 4)
            wait_until(lambda: health(place) == 200)
            family = psutil.Process(supervisor.pid).children(recursive=True)
            supervisor.send_signal(signal.SIGINT)
            assert supervisor.wait(30) == 0
            assert "Stopped." in said.read_text()
            assert not [one for one in family if one.is_running() and one.status() != psutil.STATUS_ZOMBIE]
        finally:
            supervisor.kill()
        again = begin(place, log)
        try:
            wait_until(lambda: health(place) == 200)
            family = psutil.Process(again.pid).children(recursive=True)
            again.kill()
            again.wait()
            wait_until(
                lambda: not [one for one in family if one.is_running() and one.status() != psutil.STATUS_ZOMBIE], 20
            )
        finally:
            again.kill()


def test_importing_the_program_starts_nothing(place):
    code = "import run, psutil; assert run.app; assert not psutil.Process().children(recursive=True)"
    subprocess.run([sys.executable, "-c", code], cwd=ROOT, env=place, check=True)


def test_each_installation_has_its_own_secret_that_only_its_owner_reads(tmp_path):
    first = own_secret(tmp_path / "a")
    assert own_secret(tmp_path / "a") == first != own_secret(tmp_path / "b")
    assert len(first) >= 48
    assert stat.S_IMODE((tmp_path / "a" / "secret").stat().st_mode) == 0o600


@pytest.mark.parametrize(
    ("given", "sentence"),
    [
        ({}, "SECRET_KEY"),
        ({"SECRET_KEY": DEFAULT_SECRET}, "SECRET_KEY"),
        ({"SECRET_KEY": "short"}, "SECRET_KEY"),
        ({"SECRET_KEY": "x" * 40, "DEMO": "1"}, "DEMO=0"),
        ({"SECRET_KEY": "x" * 40, "DEMO": "0"}, "DATABASE_URL"),
    ],
)
def test_production_does_not_start_unsafe(monkeypatch, tmp_path, given, sentence):
    for name in ("SECRET_KEY", "DEMO", "DATABASE_URL"):
        monkeypatch.delenv(name, raising=False)
    for name, value in {"KABINET_ENV": "production", "DATA_DIR": str(tmp_path), **given}.items():
        monkeypatch.setenv(name, value)
    with pytest.raises(SystemExit, match=sentence):
        Settings.from_environment()
    assert not (tmp_path / "secret").exists()


@pytest.mark.parametrize(("name", "value"), [("PORT", "abc"), ("DATA_DIR", "/proc/nope"), ("DATABASE_URL", "foo://x")])
def test_a_wrong_setting_ends_a_command_with_one_line(tmp_path, name, value):
    told = subprocess.run(
        [sys.executable, "-m", "flask", "--app", "run", "audit"],
        env={**os.environ, "DATA_DIR": str(tmp_path), name: value},
        capture_output=True,
        text=True,
        check=False,
    )
    assert (told.returncode, len(told.stderr.strip().splitlines())) == (2, 1)


def test_a_deep_data_folder_still_gets_a_socket_that_fits(tmp_path):
    settings = Settings(data_dir=tmp_path / ("deep" * 30))
    assert len(os.fsencode(settings.redis_socket)) <= 100
    assert settings.redis == f"unix://{settings.redis_socket}"
