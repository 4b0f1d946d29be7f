"""Thousands stand apart wherever a page says how many, and nowhere else."""

from flask import Flask, render_template_string
from flask_babel import force_locale

from app.core.errors import Refused
from app.imports.child import FOREIGN
from app.services.renaming.opening import TOO_MANY
from app.views.base import say

PAGE = """{% import 'kabinet/macros.html' as kb with context %}{{ kb.tile(_('Lines'), 50000) }}
{{ kb.tabs([{'label': 'a', 'url': '/', 'count': 12345}]) }}
{{ _('List No. %(number)s', number=12345) }} · {{ _('of %(count)s lines', count=50001) }} ·
{{ ngettext('%(num)s line', '%(num)s lines', 1234) }}"""


def test_whoever_says_how_many_parts_the_thousands_and_names_stay_whole(app: Flask) -> None:
    with app.test_request_context(), force_locale("ru"):
        shown = render_template_string(PAGE).replace("\xa0", " ")
        assert "50 000" in shown and "12 345" in shown and "12345" in shown and "50 001" in shown and "1 234" in shown
        told = say(Refused(TOO_MANY, count=50001, limit=50000)).replace("\xa0", " ")
        assert "50 001" in told and "50 000" in told


def test_a_phrase_within_a_sentence_is_in_the_readers_language_too(app: Flask) -> None:
    with app.test_request_context(), force_locale("uk"):
        assert "a PDF document" not in say(Refused(FOREIGN, what="a PDF document"))
