"""Charts: what is drawn agrees with the figures, hostile text stays text, and the same figures stand in a table."""

import re
from decimal import Decimal
from xml.etree import ElementTree

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.views import charts
from app.views.charts import Month, Series, Slice

HOSTILE = "<script>alert(\"x\")</script> & 'y'"
MONTHS = ["Jan", "Feb", "Mar"]


def parsed(markup):
    """The chart as a tree; a parse error means broken markup."""
    return ElementTree.fromstring(f"<root>{markup}</root>")


def rects(tree):
    return [node for node in tree.iter("rect") if "kb-chart-mark" in node.get("class", "")]


def test_a_bar_is_as_tall_as_its_value():
    tree = parsed(charts.bar_chart("Billed", [Series("Billed", [100, 50, 0])], MONTHS))
    tall = [float(bar.get("height")) for bar in rects(tree)]
    assert tall[0] == pytest.approx(2 * tall[1], rel=0.01)
    assert tall[2] < 1


def test_each_bar_tells_its_series_label_and_value_and_takes_focus():
    bar = rects(parsed(charts.bar_chart("Billed", [Series("Paid", [Decimal("1234.5")])], ["Jan"])))[0]
    assert bar.get("tabindex") == "0"
    assert bar.find("title").text == "Paid, Jan: 1\u202f234.5"


def test_a_gap_is_not_a_zero():
    tree = parsed(charts.bar_chart("Billed", [Series("Billed", [1, None, 3])], MONTHS))
    assert len(rects(tree)) == 2
    assert [cell.text for cell in tree.iter("td")] == ["1", "—", "3"]


def test_a_donut_shows_shares_and_the_whole():
    markup = charts.donut("Due", [Slice("Not due", 75), Slice("Overdue", Decimal(25))], total_label="UAH")
    titles = [node.text for node in parsed(markup).iter("title")]
    assert "Not due: 75 (75.0 %)" in titles and "Overdue: 25 (25.0 %)" in titles
    assert ">100</text>" in markup


def test_a_donut_of_one_part_is_a_full_ring():
    assert parsed(charts.donut("Due", [Slice("All", 5), Slice("None", 0)])).find(".//circle[@tabindex]") is not None


def test_nothing_to_draw_is_said_in_words():
    for chart in (
        charts.bar_chart("Billed", [], []),
        charts.bar_chart("Billed", [Series("a", [None, None])], ["x", "y"]),
        charts.donut("Due", [Slice("a", 0)]),
    ):
        assert "kb-chart-empty" in chart and "<svg" not in chart


def test_hostile_text_stays_text_everywhere():
    row = Series(HOSTILE, [1, 2])
    pages = [
        charts.bar_chart(HOSTILE, [row, row], [HOSTILE, HOSTILE], say=lambda v: HOSTILE, link=lambda i: 'x"><script>'),
        charts.donut(HOSTILE, [Slice(HOSTILE, 1), Slice("b", 2)], say=lambda v: HOSTILE, total_label=HOSTILE),
        charts.month_timeline([Month(HOSTILE, HOSTILE, "good", 'x"><script>', now=True)], HOSTILE),
        charts.sparkline(HOSTILE, [1, 2], say=lambda v: HOSTILE),
    ]
    for page in pages:
        assert "<script" not in page
        parsed(page)


def test_colours_come_from_classes_never_from_styles():
    page = charts.bar_chart("Billed", [Series("a", [1]), Series("b", [2], colour=7)], ["Jan"])
    assert "style=" not in page and not re.search(r"#[0-9a-f]{3,6}\b", page)
    assert "kb-f1" in page and "kb-f7" in page


def test_many_labels_are_thinned_so_that_none_touch():
    labels = [f"Day {n}" for n in range(60)]
    tree = parsed(charts.bar_chart("Daily", [Series("", list(range(60)))], labels))
    shown = [node for node in tree.iter("text") if (node.text or "").startswith("Day")]
    places = [float(node.get("x")) for node in shown]
    assert len(shown) < 20
    assert min(b - a for a, b in zip(places, places[1:], strict=False)) > 40


def test_the_current_month_is_marked_and_links_where_it_can():
    page = charts.month_timeline([Month("May", "Closed", "good"), Month("June", "Issuing", "info", "/runs/6", True)])
    assert 'aria-current="date"' in page and 'href="/runs/6"' in page


def test_a_sparkline_needs_two_points():
    assert charts.sparkline("Billed", [5]) == ""
    assert "1 → 3" in charts.sparkline("Billed", [1, None, 3])


@given(st.lists(st.decimals(-10_000_000, 10_000_000, places=2), min_size=1, max_size=30))
def test_an_axis_holds_all_its_values_in_a_few_round_steps(values):
    scale = charts.scale_for(values, 10, 200)
    assert scale.low <= min(values) and scale.high >= max(values) and scale.low <= 0 <= scale.high
    assert 1 <= len(scale.ticks()) - 1 <= 6
    assert scale.ticks()[-1] == scale.high
    assert all(9.9 <= scale.y(value) <= 200.1 for value in values)
