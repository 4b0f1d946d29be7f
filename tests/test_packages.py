"""Nobody can put another file in the place of a package: each is pinned, and its files are known by digest (T30)."""

import re
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
PIN = re.compile(r"^([A-Za-z0-9._-]+)(?:\[[^]]*\])?==([^\s;\\]+)", re.MULTILINE)
SHA256 = re.compile(r"^    --hash=sha256:[0-9a-f]{64}(?: \\)?$")


def plain(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def asked() -> dict[str, str]:
    """What requirements.txt and requirements-dev.txt pin."""
    lines = "".join((ROOT / name).read_text() for name in ("requirements.txt", "requirements-dev.txt")).splitlines()
    wanted = [line for line in lines if line and not line.startswith(("#", "-r "))]
    found = {plain(name): version for name, version in PIN.findall("\n".join(wanted))}
    assert len(found) == len(wanted), "each line is a package and one version"
    return found


def locked() -> dict[str, tuple[str, list[str]]]:
    """What requirements.lock has: package → version, digests."""
    text = (ROOT / "requirements.lock").read_text()
    found = {}
    for block in re.split(r"\n(?=\S)", text.strip()):
        if not block.startswith("#"):
            head, *digests = block.splitlines()
            (name, version) = PIN.findall(head)[0]
            found[plain(name)] = (version, digests)
    return found


def test_the_lock_has_every_package_that_is_asked_for_in_that_version():
    have = {name: version for name, (version, _) in locked().items()}
    missing = {name: version for name, version in asked().items() if have.get(name) != version}
    assert not missing, f"run `make lock`: {missing}"


def test_every_file_of_every_package_is_known_by_its_digest():
    packages = locked()
    assert len(packages) > len(asked())  # what they need in turn is there too
    wrong = [name for name, (_, digests) in packages.items() if not digests or not all(map(SHA256.match, digests))]
    assert not wrong, wrong


def test_no_index_is_named():
    text = "".join(
        (ROOT / name).read_text() for name in ("requirements.txt", "requirements-dev.txt", "requirements.lock")
    )
    assert "://" not in text and "index-url" not in text and "find-links" not in text
