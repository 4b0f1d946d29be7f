"""`python run.py` starts everything; `flask --app run …` runs one command."""

from app import create_app
from config import Settings

app = create_app(Settings.from_environment())
