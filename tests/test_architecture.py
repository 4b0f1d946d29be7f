"""The laws of the house that a linter cannot read: who derives from whom, who tells the time, who sends files."""

import ast
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
CODE = [*sorted((ROOT / "app").rglob("*.py")), *sorted((ROOT / "jobs").rglob("*.py"))]
TEMPLATES = sorted((ROOT / "app" / "templates").rglob("*.html"))

# Rooms of app/ and what is not Python there. A new one must be put here and into .importlinter.
ROOMS = {
    "access",
    "channels",
    "core",
    "domains",
    "gateways",
    "imports",
    "models",
    "provisioning",
    "reports",
    "rules",
    "services",
    "views",
}
OTHER = {"static", "templates", "translations"}


def name_of(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def trees() -> Iterator[tuple[str, ast.Module]]:
    for path in CODE:
        yield name_of(path), ast.parse(path.read_text(encoding="utf-8"))


def dotted(node: ast.AST) -> str:
    """«a.b.c» of an expression, "" where it is no plain name."""
    if isinstance(node, ast.Attribute):
        left = dotted(node.value)
        return f"{left}.{node.attr}" if left else node.attr
    return node.id if isinstance(node, ast.Name) else ""


def calls() -> Iterator[tuple[str, ast.Call]]:
    for name, tree in trees():
        for node in ast.walk(tree):
            if isinstance(node, ast.Call):
                yield name, node


def test_the_walls_between_rooms_stand() -> None:
    done = subprocess.run(
        [sys.executable, "-c", "from importlinter.cli import lint_imports_command as go; go()"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout[-4000:] + done.stderr[-1000:]


def test_every_room_is_known() -> None:
    rooms = {p.name for p in (ROOT / "app").iterdir() if p.is_dir() and not p.name.startswith(("_", "."))}
    assert rooms <= ROOMS | OTHER, f"give {rooms - ROOMS - OTHER} a place in .importlinter and here"
    walls = (ROOT / ".importlinter").read_text(encoding="utf-8")
    assert all(re.search(rf"^    (?:.*\| )?{room}(?: \|.*)?$", walls, re.M) for room in ROOMS)


FAB_BASES = {
    "ModelView",
    "ModelRestApi",
    "BaseApi",
    "BaseView",
    "BaseModelView",
    "BaseCRUDView",
    "IndexView",
    "SimpleFormView",
    "PublicFormView",
    "MasterDetailView",
    "MultipleView",
    "CompactCRUDMixin",
    "GroupByChartView",
    "DirectByChartView",
    "AuthDBView",
    "SQLAInterface",
}
# Where FAB's own classes may be derived from: the hardened bases themselves.
MAY_DERIVE = {
    "app/views/base.py": {"ModelView", "BaseView"},
    "app/views/security.py": {"AuthDBView"},
    "app/views/rows.py": {"SQLAInterface"},
    "app/views/home.py": {"IndexView"},
}


def test_views_derive_from_our_bases_only() -> None:
    wrong = [
        f"{name}: {node.name}({base})"
        for name, tree in trees()
        for node in ast.walk(tree)
        if isinstance(node, ast.ClassDef)
        for base in (dotted(b).rsplit(".", 1)[-1] for b in node.bases)
        if base in FAB_BASES and base not in MAY_DERIVE.get(name, set())
    ]
    assert not wrong, wrong


def test_only_one_module_sends_files() -> None:
    senders = {
        name for name, call in calls() if dotted(call.func).rsplit(".", 1)[-1] in ("send_file", "send_from_directory")
    }
    assert senders <= {"app/views/exports.py"}, senders


WIRES = {"urllib.request", "http.client", "socket", "requests", "urllib3", "httpx", "aiohttp", "ftplib", "smtplib"}


def test_only_what_an_operator_has_set_is_connected_to() -> None:
    """Servers of mail, of messages and of payments: no address out of a form is ever fetched (T13)."""
    openers = {
        name
        for name, tree in trees()
        for node in ast.walk(tree)
        for module in (
            [alias.name for alias in node.names]
            if isinstance(node, ast.Import)
            else [node.module or "", *(f"{node.module}.{alias.name}" for alias in node.names)]
            if isinstance(node, ast.ImportFrom)
            else []
        )
        if module in WIRES
    }
    assert openers == {"app/channels/email.py", "app/channels/phone.py", "app/gateways/wire.py"}, openers


TIME = {
    "datetime.now",
    "datetime.utcnow",
    "datetime.today",
    "date.today",
    "dt.date.today",
    "time.time",
    "time.localtime",
}


def test_time_comes_from_the_clock_only() -> None:
    allowed = {"app/core/clock.py", "jobs/worker.py"}  # the worker's heartbeat is about the machine, not about business
    wrong = [
        f"{name}:{call.lineno} {dotted(call.func)}"
        for name, call in calls()
        if name not in allowed and any(dotted(call.func).endswith(t) for t in TIME)
    ]
    assert not wrong, wrong


# Drawing and guessing, not money: points of a chart on a screen, widths of a page, likeness of two names.
MAY_FLOAT = {
    "app/views/charts.py",
    "app/imports/mapping.py",
    "app/imports/pricelines.py",  # 15 digits, as a spreadsheet keeps them
    "app/imports/spreadsheet.py",
    "app/imports/values.py",
}


def test_no_float_comes_near_money() -> None:
    wrong = [
        f"{name}:{call.lineno}"
        for name, call in calls()
        if dotted(call.func) == "float" and name not in MAY_FLOAT and not name.startswith("app/reports/render/")
    ]
    assert not wrong, wrong


def test_only_the_settings_read_the_environment() -> None:
    wrong = [
        f"{name}:{node.lineno}"
        for name, tree in trees()
        for node in ast.walk(tree)
        if isinstance(node, ast.Attribute) and dotted(node) in ("os.environ", "os.getenv", "os.putenv")
    ]
    assert not wrong, wrong


def test_only_entry_points_commit() -> None:
    rooms = tuple(f"app/{room}/" for room in ROOMS - {"views"})
    wrong = [
        f"{name}:{call.lineno}"
        for name, call in calls()
        if name.startswith(rooms)
        and dotted(call.func).rsplit(".", 1)[-1] == "commit"
        and "session" in dotted(call.func)
    ]
    assert not wrong, wrong


def test_foreign_text_is_never_trusted_as_markup() -> None:
    """Markup( takes a literal (its places are escaped by .format) or what the modules below escape themselves."""
    own = {"app/views/charts.py"}  # escapes every word it draws (tests/views/test_charts.py)
    escaped = {"html_params"}
    wrong = [
        f"{name}:{call.lineno}"
        for name, call in calls()
        if dotted(call.func).rsplit(".", 1)[-1] == "Markup"
        and name not in own
        and not all(
            isinstance(a, ast.Constant) or (isinstance(a, ast.Call) and dotted(a.func) in escaped) for a in call.args
        )
    ]
    assert not wrong, wrong


# What FAB's widgets give is HTML already made by our templates, which escape; nothing else is «safe».
SAFE = re.compile(r"widgets?\.get\(|view_widget\(|_widget\(|\btools\b")


@pytest.mark.parametrize("path", TEMPLATES, ids=name_of)
def test_templates_escape_everything(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    wrong = [line.strip() for line in text.splitlines() if re.search(r"\|\s*safe\b", line) and not SAFE.search(line)]
    wrong += re.findall(r"{%-?\s*autoescape false.*", text)
    assert not wrong, wrong


@pytest.mark.parametrize("path", TEMPLATES, ids=name_of)
def test_scripts_in_templates_carry_the_nonce(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    bare = [
        tag for tag in re.findall(r"<script\b[^>]*>", text) if "nonce=" not in tag and "application/json" not in tag
    ]
    handlers = re.findall(r"<[a-z][^<>]*\son[a-z]+\s*=\s*[\"'][^\"']*[\"']", text)
    assert not bare and not handlers, (bare, handlers)
    assert "javascript:" not in text


def test_the_program_loads_nothing_from_elsewhere() -> None:
    wrong = [
        f"{name_of(path)}: {tag[:100]}"
        for path in TEMPLATES
        for tag in re.findall(
            r"<(?:script|link|img|iframe|form)\b[^>]*(?:src|href|action)=\"(?:https?:)?//[^>]*>", path.read_text()
        )
    ]
    assert not wrong, wrong


def test_modules_say_what_they_are() -> None:
    silent = [name for name, tree in trees() if tree.body and not ast.get_docstring(tree)]
    assert not silent, silent


def test_no_template_translates_data_unescaped() -> None:
    """gettext in a template gives markup: what comes from a row must be escaped again (T11)."""
    ours = {"category.label", "item.label", "action.text", "action.confirmation", "one.label"}  # of our own code
    wrong = [
        f"{name_of(path)}: {found[0]}"
        for path in sorted((ROOT / "app" / "templates").rglob("*.html"))
        for found in re.finditer(r"\b_\(([a-z][\w.]*)[^)]*\)(?!\s*\|\s*forceescape)", path.read_text(encoding="utf-8"))
        if found[1] not in ours and "macro" not in path.name
    ]
    assert not wrong, wrong


def test_no_sql_is_pasted_together_from_values() -> None:
    """text(f"…") and execute(f"…") with anything but our own names of tables and columns (T25)."""
    allowed = {
        "app/access/tenancy.py",
        "app/views/guard.py",
        "app/extensions.py",
        "app/services/parties.py",
        # a whole list in one statement: the names of our columns and the table function of `services.sets`
        "app/services/sets.py",
        "app/services/renaming/history.py",
        *(f"app/services/switching/{name}.py" for name in ("asking", "facts", "judging", "undoing")),
    }
    wrong = [
        f"{name}:{call.lineno}"
        for name, call in calls()
        if dotted(call.func).rsplit(".", 1)[-1] in ("text", "execute", "exec_driver_sql")
        and any(isinstance(a, ast.JoinedStr) for a in call.args)
        and name not in allowed
        and not name.startswith(("app/reports/render/", "app/services/billing/"))  # drawing; names of own columns
    ]
    assert not wrong, wrong
