"""What every test stands on: a migrated database of its own, people, and a client that signs in."""

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy.orm import Session

from app import create_app
from app.access import tenancy
from app.extensions import db
from app.models import migrating
from config import Settings

SHARED = Path(__file__).resolve().parents[2] / "shared"
in_ci = bool(os.environ.get("CI"))


def settings_at(folder: Path, **more: object) -> Settings:
    return Settings(
        data_dir=folder,
        database_url=os.environ.get("TEST_DATABASE_URL", ""),
        secret_key="for-tests-only-" + "x" * 40,
        testing=True,
        **more,
    )


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A migrated, empty SQLite file, copied for each test."""
    import sqlalchemy as sa

    path = tmp_path_factory.mktemp("template") / "kabinet.db"
    engine = sa.create_engine(f"sqlite:///{path}")
    with engine.begin() as connection:
        migrating.upgrade(connection)
    engine.dispose()
    return path


@pytest.fixture
def data_dir(tmp_path: Path, sqlite_template: Path) -> Path:
    shutil.copy(sqlite_template, tmp_path / "kabinet.db")
    return tmp_path


@pytest.fixture
def app(data_dir: Path) -> Iterator[Flask]:
    app = create_app(settings_at(data_dir))
    with app.app_context(), tenancy.seeing(tenancy.EVERYONE):
        yield app
        db.session.remove()
        db.engine.dispose()


@pytest.fixture
def session(app: Flask) -> Session:
    """A session that sees everything, as commands and jobs do."""
    return db.session
