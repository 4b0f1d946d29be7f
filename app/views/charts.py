"""Charts as SVG drawn on the server: no script, colours from kabinet.css, all text escaped, a table behind each one.

All functions are pure and return `Markup`. Values are Decimal, int or None (a gap). Words and number formats come from
the caller (`say`: a value → the text a person reads), so that a chart speaks the page's language. Colours repeat after
eight series.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from decimal import ROUND_CEILING, Decimal
from math import cos, pi, sin

from flask import has_app_context
from flask_babel import gettext
from markupsafe import Markup, escape

from app.core.errors import N_
from app.reports.render.qr import Matrix

Value = Decimal | int | None
Say = Callable[[Decimal], str]
Link = Callable[[int], str]

NO_DATA = N_("There is nothing to draw yet")
LABEL = N_("Label")
WIDTH = 560  # of a picture in half a page; a chart over the whole page says width=1040
COLOURS = 8
STEPS = (Decimal(1), Decimal(2), Decimal("2.5"), Decimal(5), Decimal(10))
CHARACTER = 6.4  # width of one 11px figure or letter, on the safe side


@dataclass(frozen=True)
class Series:
    """One named row of values, as long as the chart's labels; `colour` 1–8 overrides the order."""

    name: str
    values: Sequence[Value]
    colour: int = 0


@dataclass(frozen=True)
class Slice:
    """A part of a donut."""

    name: str
    value: Decimal | int
    colour: int = 0


@dataclass(frozen=True)
class Month:
    """A month of a timeline: `state` is its words, `tone` '' good warn bad info, `now` the current one."""

    label: str
    state: str
    tone: str = ""
    url: str = ""
    now: bool = False


@dataclass(frozen=True)
class Scale:
    """The value axis: from `low` to `high` by `step`, drawn between the pixels `bottom` and `top`."""

    low: Decimal
    high: Decimal
    step: Decimal
    top: int
    bottom: int

    def y(self, value: Decimal | int) -> float:
        """The height of `value` in pixels of the picture."""
        share = (Decimal(value) - self.low) / (self.high - self.low)
        return self.bottom - float(share) * (self.bottom - self.top)

    def ticks(self) -> list[Decimal]:
        """The values written along the axis."""
        count = int((self.high - self.low) / self.step)
        return [self.low + self.step * index for index in range(count + 1)]


def plain(value: Decimal) -> str:
    """A number as it is, thousands apart by a thin space; pages give a formatter of their language instead."""
    text = f"{value.normalize():,f}" if value else "0"
    return text.replace(",", "\u202f")


def scale_for(values: Iterable[Decimal | int], top: int, bottom: int, wanted: int = 4) -> Scale:
    """An axis that holds all `values` and zero, in about `wanted` round steps (1, 2, 2.5 or 5 × 10ⁿ)."""
    known = [Decimal(value) for value in values] or [Decimal(0)]
    high, low = max(*known, Decimal(0)), min(*known, Decimal(0))
    if high == low:
        high = Decimal(1)
    rough = (high - low) / wanted
    power = Decimal(10) ** rough.adjusted()
    step = next(power * factor for factor in STEPS if power * factor >= rough)
    ceiling = (high / step).to_integral_value(rounding=ROUND_CEILING) * step
    floor = -((-low / step).to_integral_value(rounding=ROUND_CEILING) * step)
    return Scale(floor, ceiling, step, top, bottom)


def bar_chart(
    title: str,
    series: Sequence[Series],
    labels: Sequence[str],
    *,
    say: Say = plain,
    width: int = WIDTH,
    height: int = 240,
    link: Link | None = None,
    heading: bool = True,
) -> Markup:
    """Bars side by side; `link(index)` makes each label's bars a link."""
    if _nothing(series):
        return _empty(title, heading)
    bottom = height - 28
    scale = scale_for(_known(series), 12, bottom)
    left = _left(scale, say)
    slot = (width - left - 6) / max(1, len(labels))
    marks = [_grid(scale, say, left, width), _x_labels(labels, left, slot, height)]
    for index, label in enumerate(labels):
        bars = _side_bars(series, index, label, scale, left + slot * index, slot, say)
        url = link(index) if link else ""
        marks.append(Markup('<a href="{}">{}</a>').format(url, bars) if url else bars)
    return _figure(title, series, labels, _join(marks), say, (width, height), heading)


def donut(
    title: str,
    slices: Sequence[Slice],
    *,
    say: Say = plain,
    total_label: str = "",
    total: Decimal | int | None = None,
    heading: bool = True,
) -> Markup:
    """Shares of a whole as a ring with a legend; parts of zero or less are left out of the ring, not of the legend."""
    whole = sum((Decimal(part.value) for part in slices if part.value > 0), Decimal(0))
    if not whole:
        return _empty(title, heading)
    rings, start = [Markup('<circle class="kb-chart-ring" cx="80" cy="80" r="62" stroke-width="22"/>')], Decimal(0)
    for number, part in enumerate(slices):
        if part.value <= 0:
            continue
        share = Decimal(part.value) / whole
        rings.append(_arc(part, part.colour or number % COLOURS + 1, start, share, say))
        start += share
    shown = say(whole if total is None else Decimal(total))
    size = "" if len(shown) <= 7 else " is-long" if len(shown) <= 11 else " is-longer"
    middle = Markup(
        '<text class="kb-chart-total{}" x="80" y="{}" text-anchor="middle">{}</text>'
        '<text x="80" y="98" text-anchor="middle">{}</text>'
    ).format(size, 80 if total_label else 86, shown, total_label)
    legend = _legend(
        [(part.name, part.colour or i % COLOURS + 1, say(Decimal(part.value))) for i, part in enumerate(slices)]
    )
    described = "; ".join(f"{part.name}: {say(Decimal(part.value))}" for part in slices)
    picture = _svg(title, described, 160, 160, _join([*rings, middle]))
    head = _heading(title) if heading else Markup("")
    return Markup('<figure class="kb-chart is-donut">{}{}{}</figure>').format(head, picture, legend)


def month_timeline(months: Sequence[Month], label: str = "") -> Markup:
    """Months as a row of cards in their states: what is closed, due, failed."""
    items = []
    for month in months:
        css = " ".join(
            filter(None, ["kb-month", f"is-{month.tone}" if month.tone else "", "is-now" if month.now else ""])
        )
        current = Markup(' aria-current="date"') if month.now else Markup("")
        inside = Markup("<strong>{}</strong><small>{}</small>").format(month.label, month.state)
        if month.url:
            items.append(Markup('<li><a class="{}" href="{}"{}>{}</a></li>').format(css, month.url, current, inside))
        else:
            items.append(Markup('<li><span class="{}"{}>{}</span></li>').format(css, current, inside))
    return Markup('<ol class="kb-months" aria-label="{}">{}</ol>').format(label, _join(items))


def sparkline(title: str, values: Sequence[Value], *, say: Say = plain, colour: int = 1) -> Markup:
    """A line without axes, for a tile or a table cell; its first and last values are in its description."""
    known = [Decimal(value) for value in values if value is not None]
    if len(known) < 2:
        return Markup("")
    low, high = min(known), max(known)
    spread = high - low or Decimal(1)
    step = 100 / (len(values) - 1)
    runs = _runs(
        [None if v is None else (step * i, 27 - float((Decimal(v) - low) / spread) * 24) for i, v in enumerate(values)]
    )
    paths = _join(Markup('<path class="kb-chart-line kb-s{}" d="{}"/>').format(colour, _path(run)) for run in runs)
    described = f"{say(known[0])} → {say(known[-1])}"
    return Markup(
        '<span class="kb-sparkline"><svg viewBox="0 0 100 30" preserveAspectRatio="none" role="img" aria-label'
        '="{}: {}"><title>{}: {}</title>{}</svg></span>'
    ).format(title, described, title, described, paths)


def _text(message: str) -> str:
    return gettext(message) if has_app_context() else message


def _join(parts: Iterable[Markup]) -> Markup:
    return Markup("").join(parts)


def _known(series: Sequence[Series]) -> list[Decimal]:
    return [Decimal(value) for row in series for value in row.values if value is not None]


def _nothing(series: Sequence[Series]) -> bool:
    return not any(_known(series))


def _colour(row: Series, number: int) -> int:
    return row.colour or number % COLOURS + 1


def _value(row: Series, index: int) -> Decimal | None:
    value = row.values[index] if index < len(row.values) else None
    return None if value is None else Decimal(value)


def _left(scale: Scale, say: Say) -> int:
    return 12 + round(CHARACTER * max(len(say(tick)) for tick in scale.ticks()))


def _grid(scale: Scale, say: Say, left: int, width: int) -> Markup:
    lines = []
    for tick in scale.ticks():
        y = scale.y(tick)
        css = "kb-chart-axis" if tick == 0 else "kb-chart-grid"
        lines.append(
            Markup(
                '<line class="{}" x1="{}" x2="{}" y1="{:.1f}" y2="{:.1f}"/>'
                '<text x="{}" y="{:.1f}" text-anchor="end">{}</text>'
            ).format(css, left, width, y, y, left - 8, y + 4, say(tick))
        )
    return _join(lines)


def _x_labels(labels: Sequence[str], left: float, slot: float, height: int) -> Markup:
    """Every n-th label, so that none touches its neighbour."""
    widest = max((len(str(label)) for label in labels), default=1) * CHARACTER + 10
    every = max(1, int(-(-widest // slot)))
    return _join(
        Markup('<text x="{:.1f}" y="{}" text-anchor="middle">{}</text>').format(
            left + slot * (i + 0.5), height - 8, label
        )
        for i, label in enumerate(labels)
        if i % every == 0
    )


def _bar(x: float, width: float, scale: Scale, value: Decimal, colour: int, told: str) -> Markup:
    top, bottom = sorted((scale.y(Decimal(0)), scale.y(value)))
    tall = max(bottom - top, 0.8)
    corner = min(3.0, width / 2, tall / 2)
    return Markup(
        '<rect class="kb-chart-mark kb-f{}" x="{:.1f}" y="{:.1f}" width="{:.1f}" height="{:.1f}" rx="{:.1f}"'
        ' tabindex="0" role="graphics-symbol img" aria-label="{}"><title>{}</title></rect>'
    ).format(colour, x, top, width, tall, corner, told, told)


def _told(row: Series, label: str, value: Decimal, say: Say) -> str:
    return f"{row.name}, {label}: {say(value)}" if row.name else f"{label}: {say(value)}"


def _side_bars(
    series: Sequence[Series], index: int, label: str, scale: Scale, x: float, slot: float, say: Say
) -> Markup:
    width = min(46.0, slot * 0.68 / len(series))
    start = x + (slot - width * len(series)) / 2
    bars = []
    for number, row in enumerate(series):
        value = _value(row, index)
        if value is not None:
            told = _told(row, label, value, say)
            bars.append(_bar(start + width * number, max(width - 1.5, 1), scale, value, _colour(row, number), told))
    return _join(bars)


Point = tuple[float, float]


def _runs(points: Sequence[Point | None]) -> list[list[Point]]:
    """Neighbouring known points together; None parts them."""
    runs: list[list[Point]] = [[]]
    for point in points:
        if point is None:
            runs.append([])
        else:
            runs[-1].append(point)
    return [run for run in runs if run]


def _path(run: Sequence[Point]) -> str:
    return "M" + "L".join(f"{x:.1f} {y:.1f}" for x, y in run)


def _arc(part: Slice, colour: int, start: Decimal, share: Decimal, say: Say) -> Markup:
    told = f"{part.name}: {say(Decimal(part.value))} ({share * 100:.1f} %)"
    mark = Markup(
        'class="kb-chart-mark kb-chart-slice kb-s{}" tabindex="0" role="graphics-symbol img" aria-label="{}"'
    ).format(colour, told)
    if share >= Decimal("0.9999"):
        return Markup('<circle {} cx="80" cy="80" r="62" stroke-width="22"><title>{}</title></circle>').format(
            mark, told
        )
    gap = min(0.012, float(share) / 4) if share < 1 else 0.0
    begin, end = (float(start) + gap / 2) * 2 * pi - pi / 2, (float(start + share) - gap / 2) * 2 * pi - pi / 2
    x1, y1, x2, y2 = 80 + 62 * cos(begin), 80 + 62 * sin(begin), 80 + 62 * cos(end), 80 + 62 * sin(end)
    return Markup(
        '<path {} stroke-width="22" d="M{:.2f} {:.2f}A62 62 0 {} 1 {:.2f} {:.2f}"><title>{}</title></path>'
    ).format(mark, x1, y1, 1 if share > Decimal("0.5") else 0, x2, y2, told)


def _legend(items: Sequence[tuple[str, int, str]]) -> Markup:
    rows = []
    for name, colour, value in items:
        shown = Markup("<b>{}</b>").format(value) if value else Markup("")
        rows.append(Markup('<li><i class="kb-b{}" aria-hidden="true"></i>{}{}</li>').format(colour, name, shown))
    return Markup('<ul class="kb-legend">{}</ul>').format(_join(rows))


def _heading(title: str) -> Markup:
    return Markup('<figcaption class="kb-chart-head">{}</figcaption>').format(title)


def _svg(title: str, described: str, width: int, height: int, inside: Markup) -> Markup:
    return Markup(
        '<svg viewBox="0 0 {} {}" role="graphics-document img" aria-label="{}"><title>{}</title><desc>{}</desc>{}</svg>'
    ).format(width, height, title, title, described, inside)


def _table(title: str, series: Sequence[Series], labels: Sequence[str], say: Say) -> Markup:
    """The same figures for those who cannot see the picture."""
    head = _join(Markup('<th scope="col">{}</th>').format(row.name or title) for row in series)
    lines = []
    for index, label in enumerate(labels):
        values = [_value(row, index) for row in series]
        cells = _join(Markup("<td>{}</td>").format("—" if value is None else say(value)) for value in values)
        lines.append(Markup('<tr><th scope="row">{}</th>{}</tr>').format(label, cells))
    return Markup(
        '<table class="kb-hidden"><caption>{}</caption><thead><tr><th scope="col">{}</th>{}</tr></thead>'
        "<tbody>{}</tbody></table>"
    ).format(title, _text(LABEL), head, _join(lines))


def _figure(
    title: str,
    series: Sequence[Series],
    labels: Sequence[str],
    inside: Markup,
    say: Say,
    size: tuple[int, int],
    heading: bool,
) -> Markup:
    described = "; ".join(row.name for row in series if row.name)
    named = [(row.name, _colour(row, number), "") for number, row in enumerate(series) if row.name]
    return Markup('<figure class="kb-chart">{}<div class="kb-chart-scroll">{}</div>{}{}</figure>').format(
        _heading(title) if heading else Markup(""),
        _svg(title, described, *size, inside),
        _legend(named) if len(named) > 1 else Markup(""),
        _table(title, series, labels, say),
    )


def _empty(title: str, heading: bool) -> Markup:
    head = _heading(title) if heading else Markup("")
    return Markup('<figure class="kb-chart">{}<div class="kb-chart-empty">{}</div></figure>').format(
        head, escape(_text(NO_DATA))
    )


def draw_qr(symbol: Matrix, label: str) -> Markup:
    """Dark cells as one path: runs of each row, on white in any theme, with the quiet zone."""
    stride, runs = (symbol.size + 7) // 8, []
    for row in range(symbol.size):
        bits = int.from_bytes(symbol.rows[row * stride : (row + 1) * stride], "big")
        text = f"{bits:0{stride * 8}b}"[: symbol.size]
        start = 0
        while (start := text.find("1", start)) >= 0:
            end = text.find("0", start)
            end = symbol.size if end < 0 else end
            runs.append(f"M{start + 4} {row + 4}h{end - start}v1H{start + 4}z")
            start = end
    side = symbol.size + 8
    return Markup(
        '<svg viewBox="0 0 {0} {0}" width="200" height="200" role="img" aria-label="{1}" shape-rendering="crispEdges">'
        '<rect width="{0}" height="{0}" fill="#fff"/><path d="{2}" fill="#000"/></svg>'
    ).format(side, label, "".join(runs))
