"""The building blocks: what callers say appears, escaped, with what kabinet.js and screen readers need."""

from enum import Enum
from pathlib import Path
from types import SimpleNamespace

import flask_appbuilder
import jinja2
import pytest
from wtforms import BooleanField, Form, StringField
from wtforms.validators import InputRequired

TEMPLATES = Path(__file__).parents[2] / "app" / "templates"
FAB_TEMPLATES = Path(flask_appbuilder.__file__).parent / "templates"
HOSTILE = "<script>alert(1)</script>"


@pytest.fixture(scope="module")
def kb():
    env = jinja2.Environment(loader=jinja2.FileSystemLoader(TEMPLATES), autoescape=True, extensions=["jinja2.ext.i18n"])
    env.install_null_translations(newstyle=True)  # type: ignore[attr-defined]
    env.filters["how_many"] = str
    env.globals.update(request=SimpleNamespace(args={}, path="/x"), csrf_token=lambda: "token")
    return env.get_template("kabinet/macros.html").module


class Stage(Enum):
    OVERDUE = "overdue"


def test_a_state_has_the_colour_of_its_meaning(kb):
    assert "is-good" in kb.state("paid")
    assert "is-bad" in kb.state(Stage.OVERDUE)
    assert "is-info" in kb.state("in progress")
    assert "is-" not in kb.state("something else")
    assert "Bezahlt" in kb.state("paid", "Bezahlt")


def test_an_action_that_changes_things_is_a_post_with_a_question(kb):
    page = kb.page_header("Batch", actions=[{"label": "Undo", "url": "/undo", "post": True, "confirm": "Undo all?"}])
    assert 'data-post="/undo"' in page and 'data-confirm="Undo all?"' in page and "<a " not in page


def test_a_header_shows_where_one_is_and_in_what_state(kb):
    page = kb.page_header("Invoice", crumbs=[("Home", "/"), ("Invoice", None)], state="paid", state_label="Paid")
    assert '<a href="/">Home</a>' in page and "kb-badge is-good" in page


def test_a_table_escapes_cells_and_links_its_first_cell(kb):
    page = kb.data_table(
        [{"key": "n", "label": "Number"}, {"key": "a", "label": "Sum", "number": True}],
        [{"n": HOSTILE, "a": None}],
        row_url=lambda row: "/i/1",
    )
    assert "<script" not in page and 'data-row-href="/i/1"' in page and 'class="kb-row-link"' in page
    assert 'class="is-number"' in page and "—" in page


def test_a_sorted_column_says_so_and_offers_the_other_way(kb):
    sort = {"key": "on", "direction": "asc", "url": lambda key, way: f"?o={key}&d={way}"}
    page = kb.data_table([{"key": "on", "label": "Date", "sort": True}], [{"on": "1"}], sort=sort)
    assert 'aria-sort="ascending"' in page and "?o=on&amp;d=desc" in page


def test_zero_is_a_value_not_a_dash(kb):
    assert "—" not in kb.data_table([{"key": "a", "label": "Sum"}], [{"a": 0}])
    assert "—" not in kb.definitions([("Sum", 0)])


def test_an_empty_table_says_what_to_do(kb):
    page = kb.data_table(
        [], [], empty="No payments", empty_text="Top up.", empty_actions=[{"label": "Top up", "url": "/p"}]
    )
    assert "<table" not in page and "No payments" in page and 'href="/p"' in page


def test_the_pager_keeps_first_and_last_in_reach(kb):
    page = kb.pager(10, 40, lambda p: f"?p={p}", total=1000, first=226, last=250)
    assert "226–250 of 1000" in page and "?p=1&" not in page
    for number in (1, 8, 9, 11, 12, 40):
        assert f'href="?p={number}"' in page
    assert 'aria-current="page">10<' in page


def test_steps_lead_back_but_not_ahead(kb):
    page = kb.stepper([("Account", "/1"), ("Period", "/2"), ("Send", "/3")], 1)
    assert 'href="/1"' in page and 'href="/2"' not in page and 'href="/3"' not in page
    assert 'aria-current="step"' in page


@pytest.mark.covers("A1-37")
def test_every_step_has_back_next_and_to_the_menu(kb):
    page = kb.step_nav("/back", menu_url="/menu")
    assert 'href="/back"' in page and 'href="/menu"' in page and 'type="submit"' in page
    assert all(word in page for word in ("Back", "To the menu", "Next"))


def test_a_job_is_polled_and_readable_without_script(kb):
    page = kb.job_progress("/jobs/7", "Rendering", percent=40)
    assert 'data-job-url="/jobs/7"' in page and 'value="40"' in page and 'aria-live="polite"' in page


def test_a_wrong_field_is_tied_to_its_reason(kb):
    page = kb.input("email", "E-mail", HOSTILE, "email", error="Write an address.", required=True)
    assert 'aria-invalid="true"' in page and 'aria-describedby="email-error"' in page and "<script" not in page


def test_a_password_never_comes_back_into_the_page(kb):
    assert "secret" not in kb.input("password", "Password", "secret", "password")


def test_a_remote_select_keeps_what_was_chosen(kb):
    page = kb.remote_select("payer", "Payer", "/lookup", "7", "ТОВ «Світанок»")
    assert 'data-url="/lookup"' in page and '<option value="7" selected>ТОВ «Світанок»' in page


def test_a_form_field_carries_label_help_and_error(kb):
    class Sample(Form):
        name = StringField(
            "Name", [InputRequired("Write a name; 50 % of them are short")], description="As in the papers"
        )
        ok = BooleanField("I agree")

    form = Sample(data={})
    form.validate()
    page = kb.field(form.name)
    assert 'for="name"' in page and "As in the papers" in page and "50 % of them" in page
    assert "kb-check" in kb.field(form.ok)


def test_our_fab_templates_replace_ones_that_fab_still_has():
    for path in (TEMPLATES / "appbuilder").rglob("*.html"):
        assert (FAB_TEMPLATES / path.relative_to(TEMPLATES)).is_file(), f"FAB moved {path.name}"


def test_no_fab_template_with_inline_script_or_bare_english_is_left():
    unused = {"swagger/swagger.html", "general/model/search.html"}
    unused |= {"general/security/login_oauth.html", "general/security/login_saml.html"}
    unused |= {f"general/widgets/{chart}.html" for chart in ("chart", "direct_chart", "multiple_chart")}
    for path in (FAB_TEMPLATES / "appbuilder").rglob("*.html"):
        text = path.read_text()
        if ("<script nonce" in text or ">Cancel<" in text or ">OK<" in text) and str(
            path.relative_to(FAB_TEMPLATES / "appbuilder")
        ) not in unused:
            assert (TEMPLATES / path.relative_to(FAB_TEMPLATES)).is_file(), path.name
