"""What a person was told, the letters sent to the company, and which notices come which way (AST-177…184)."""

from typing import Any

from flask import redirect, request, url_for
from flask_appbuilder.baseviews import expose
from flask_babel import gettext

from app.access.permissions import Right
from app.rules.notices import CHANNELS, NoticeClass
from app.services import notices
from app.views.base import attempt, needs
from app.views.cabinet import frame, words
from app.views.rows import whole


class NoticesPage(frame.Page):
    """Notices of the person, and letters to the company."""

    route_base = "/my/notices"

    @expose("/")
    @needs(Right.CABINET_READ)
    def index(self) -> Any:
        """One's own notices, or the letters that went out."""
        letters = request.args.get("letters") == "1"
        after = whole(request.args["after"]) if "after" in request.args else None
        listed = notices.list_letters if letters else notices.list_mine
        rows, more = listed(self.session, self.actor, after)
        return self.show(
            "notices.html",
            rows=rows,
            more=more,
            letters=letters,
            unread=frame.unread(),
            may_open=self.actor.may(Right.CABINET_DOCUMENTS),
        )

    @expose("/<int:notice_id>/read", methods=["POST"])
    @needs(Right.CABINET_READ)
    def read(self, notice_id: int) -> Any:
        """This one is read."""
        attempt(notices.mark_read, notice_id)
        return redirect(url_for("NoticesPage.index"))

    @expose("/read", methods=["POST"])
    @needs(Right.CABINET_READ)
    def read_all(self) -> Any:
        """All of them are."""
        attempt(notices.mark_read)
        return redirect(url_for("NoticesPage.index"))

    @expose("/preferences", methods=["GET", "POST"])
    @needs(Right.CABINET_READ)
    def preferences(self) -> Any:
        """Four classes by channel, each switched by itself."""
        if request.method == "POST":
            pairs = [tuple(text.split(".", 1)) for text in request.form.getlist("on")]
            attempt(notices.change_preferences, pairs, done=gettext("Your choice is kept."))
            return redirect(url_for("NoticesPage.preferences"))
        return self.show(
            "notice_preferences.html",
            chosen=notices.preferences_of(self.session, self.actor),
            classes=[(one.value, *words.NOTICE_CLASSES[one.value]) for one in NoticeClass],
            channels=[(way, words.CHANNELS[way]) for way in CHANNELS],
        )
