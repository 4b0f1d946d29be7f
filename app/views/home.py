"""The first page: of staff, the month's progress; of a company, its balance and last documents."""

from flask_appbuilder import IndexView


class HomeView(IndexView):
    """Chooses the home of staff or of a company."""
