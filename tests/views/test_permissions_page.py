"""docs/permissions.md is made from the code and says what the code says."""

import os
from pathlib import Path

from app.access.permissions import CABINET_RIGHTS, OFFICE_RIGHTS, Right
from app.access.roles import RIGHTS, STAFF, Role

PAGE = Path(__file__).resolve().parents[2] / "docs" / "permissions.md"
HEAD = """# Who may do what

Made from `app/access/roles.py` by `KABINET_WRITE_GOLDEN=1 pytest tests/views/test_permissions_page.py`; do not edit by
hand. Which page asks for which right: `tests/views/permissions_golden.txt`.

A person of a company holds cabinet rights only, and staff hold office rights only, whatever a role or a switch says.
Each right can be switched on or off for one person over what the roles say; nobody gives more than they hold; the
first person of a company keeps every right. A thing of another company is answered as one that does not exist (404).
"""


def table(title: str, roles: list[Role], rights: frozenset[Right]) -> list[str]:
    lines = [f"\n## {title}\n", "| right | " + " | ".join(r.value for r in roles) + " |"]
    lines.append("|---" * (len(roles) + 1) + "|")
    for right in sorted(rights):
        lines.append(f"| `{right.value}` | " + " | ".join("yes" if right in RIGHTS[r] else "" for r in roles) + " |")
    return lines


def page() -> str:
    office = table("The provider's staff", [r for r in Role if r in STAFF], OFFICE_RIGHTS)
    cabinet = table("A company's people", [r for r in Role if r not in STAFF], CABINET_RIGHTS)
    return HEAD + "\n".join([*office, *cabinet]) + "\n"


def test_the_page_of_permissions_says_what_the_code_says() -> None:
    if os.environ.get("KABINET_WRITE_GOLDEN"):
        PAGE.write_text(page(), encoding="utf-8")
    assert PAGE.read_text(encoding="utf-8") == page()
