"""Write requirements.lock: the packages of requirements-dev.txt, all they need, and the digests of all their files.

usage: python tools/lock.py   (or `make lock`; after any change of requirements.txt or requirements-dev.txt)
The digests are those of every file of a release, so that the lock serves any machine. It needs a package index.
"""

import subprocess
import sys
import tempfile
import venv
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
LOCK = ROOT / "requirements.lock"
UV = "uv==0.13.9"  # pip itself writes down only the files of the machine it runs on
OPTIONS = ("--universal", "--python-version", "3.11", "--generate-hashes", "--no-annotate", "--no-header", "--quiet")
HEAD = "# Made by `make lock` out of requirements-dev.txt; `make setup` installs nothing whose digest is not here.\n"


def main() -> None:
    """Compile in a scratch environment; the lock in use is replaced only by a whole one."""
    with tempfile.TemporaryDirectory() as folder:
        venv.create(folder, with_pip=True)
        programs, made = Path(folder) / "bin", Path(folder) / "lock"
        subprocess.run([programs / "pip", "install", "--quiet", UV], check=True)  # noqa: S603
        command = [programs / "uv", "pip", "compile", *OPTIONS, "--output-file", made, "requirements-dev.txt"]
        subprocess.run(command, check=True, cwd=ROOT)  # noqa: S603
        text = HEAD + made.read_text(encoding="utf-8")
    LOCK.write_text(text, encoding="utf-8")
    sys.stdout.write(f"{LOCK.name}: {text.count('==')} packages, {text.count('--hash=')} digests\n")


if __name__ == "__main__":
    main()
