"""Words looked for anywhere inside a name or a number, over millions of rows.

Each searched column has a table of the three-letter parts of its texts (`find_<table>_<column>`: FTS5's trigrams on
SQLite, arrays under GIN on PostgreSQL). The parts only propose rows; what a row really has decides `has`, so that what
they still hold of an earlier name does no harm. Triggers note rows that came or changed in `find_<table>_stale`, which
costs a writer a microsecond or two; `catch_up` works them in later, and until then they are looked at one by one.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.access import tenancy
from app.core import clock
from app.services.sets import is_postgresql

# Tables and columns of migrations 0003 and (shelf) 0006; lists of other columns are walked.
SEARCHED = {
    "account": ("number",),
    "company": ("name", "code"),
    "document": ("number",),
    "payer": ("name", "tax_code"),
    "payment": ("number", "reference", "purpose"),
    "shelf": ("words",),
    "subscriber": ("number", "name"),
}
PART = 3  # letters; a shorter word is looked for row by row
STALE = 20_000  # rows not worked in yet: beyond, the column is walked instead
COMMON = 50_000  # rows that have every part of a word: beyond, its rows are everywhere and walking soon finds them
AT_ONCE = 10_000  # rows worked in by one transaction
SAMPLE, SAMPLED_FOR, KNOWN_SAMPLES = 200, 600, 500  # texts looked at; seconds until they are again; samples kept


def has(session: Session, field: Any, word: str) -> Any:
    """The condition that a text has `word` anywhere, in capitals or not, in any alphabet."""
    if is_postgresql(session):
        return field.icontains(word, autoescape=True)
    if word.isascii() or word.lower() == word.upper():
        return field.contains(word, autoescape=True)  # SQLite's LIKE knows the cases of Latin letters
    return field.op("GLOB", is_comparison=True)(f"*{''.join(map(_either_case, word))}*")


def _either_case(letter: str) -> str:
    cases = dict.fromkeys(one for one in (letter, letter.lower(), letter.upper()) if len(one) == 1)
    return f"[{''.join(cases)}]" if len(cases) > 1 or letter in "*?[" else letter


@dataclass(frozen=True)
class Proposal:
    """Where rows that may have words stand: `ids` is a row source with the column `id`, `parts` what it is asked."""

    table: str
    column: str
    words: tuple[str, ...]
    is_postgresql: bool
    parts: tuple[str, ...] = ()  # those of the word's parts that are asked for, where the database is SQLite

    @property
    def source(self) -> Any:
        """The rows whose parts are all there, as a subquery."""
        name = f"find_{self.table}_{self.column}"
        if self.is_postgresql:
            given = {f"find_word_{n}": word for n, word in enumerate(self.words)}
            parts = " || ".join(f"find_parts(CAST(:{name} AS text))" for name in given)
            asked = f"parts @> ({parts})"
            found = sa.text(asked).bindparams(**given)
            return (
                sa.select(sa.literal_column("id", sa.BigInteger).label("id")).select_from(sa.table(name)).where(found)
            )
        asked = f"{name} MATCH :find_parts"
        found = sa.text(asked).bindparams(find_parts=_fts(self.parts))
        return sa.select(sa.literal_column("rowid", sa.BigInteger).label("id")).select_from(sa.table(name)).where(found)

    @property
    def stale(self) -> Any:
        """The rows not worked in yet."""
        return sa.select(sa.literal_column("id", sa.BigInteger).label("id")).select_from(
            sa.table(f"find_{self.table}_stale")
        )

    def narrowed(self, query: Any, key: Any, source: Any) -> Any:
        """`query` (of one table with the primary key `key`), begun from a row source and not from its own table."""
        ids = source.subquery()
        # «+ 0» hides the ids from SQLite's planner, which might else ask the parts anew for each row of the table
        return query.join(ids, key == (ids.c.id if self.is_postgresql else ids.c.id + 0))

    def keys(self, session: Session, query: Any, key: Any, limit: int) -> list[Any]:
        """Keys of `query` that the parts and the stale rows give, `limit` at most; the query itself has `has`."""
        found: dict[Any, None] = {}
        for source in (self.source, self.stale):
            rows = self.narrowed(query, key, source).with_entities(key).limit(limit)
            found.update(dict.fromkeys(one for (one,) in rows))
        return list(found)[:limit]

    def page(  # noqa: PLR0913, PLR0917
        self, session: Session, query: Any, key: Any, by: Any, direction: str, offset: int, size: int
    ) -> list[Any]:
        """Keys of a page in the order of a column, then of the key, both in one direction."""
        sources = (self.source, self.stale)
        parts = [self.narrowed(query, key, one).with_entities(key.label("id"), by.label("place")) for one in sources]
        return _page(session, parts[0].union(parts[1]).statement.subquery(), direction, offset, size)

    def is_common(self, session: Session) -> bool:
        """Whether so many rows have all the parts that walking the list finds a page sooner."""
        return _has_more(session, self.source, COMMON)


def _page(session: Session, found: Any, direction: str, offset: int, size: int) -> list[Any]:
    """Keys of a page of rows (id, place): by place, then by key."""
    in_order = [sa.desc(one) if direction == "desc" else sa.asc(one) for one in (found.c.place, found.c.id)]
    return list(session.scalars(sa.select(found.c.id).order_by(*in_order).offset(offset).limit(size)))


def are_few(session: Session, query: Any, key: Any) -> bool:
    """Whether a query finds so few rows that gathering them all beats walking a list until a page is full."""
    return not _has_more(session, query.with_entities(key).statement, COMMON)


def _has_more(session: Session, query: Any, limit: int) -> bool:
    some = query.limit(limit + 1).subquery()
    return (session.scalar(sa.select(sa.func.count()).select_from(some)) or 0) > limit


def in_order(  # noqa: PLR0913, PLR0917
    session: Session, query: Any, key: Any, by: Any, direction: str, offset: int, size: int
) -> list[Any]:
    """Keys of a page of a query whose rows are gathered first and then put in order.

    PostgreSQL takes what an index finds as spread evenly over the list, and would walk it from the wrong end.
    """
    gathered = query.with_entities(key.label("id"), by.label("place")).statement.cte("gathered")
    return _page(session, gathered.prefix_with("MATERIALIZED"), direction, offset, size)


def proposal(session: Session, field: Any, *words: str) -> Proposal | None:
    """Where rows with all these words in a column may stand; None where the column is to be walked."""
    table, name = field.class_.__tablename__, field.key
    long = tuple(word for word in words if _parts(word) and "\0" not in word)
    if name not in SEARCHED.get(table, ()) or not long or not _is_there(session):
        return None
    if _has_more(session, _stale(table), STALE):
        return None
    parts = list(dict.fromkeys(part for word in long for part in _parts(word)))
    return Proposal(table, name, long, is_postgresql(session), tuple(_telling(session, field, parts)))


def ids_with(session: Session, field: Any, word: str) -> Any:
    """A query of the ids of rows that have `word` in a column: for IN (…), or to be read itself."""
    key = field.class_.id
    query = sa.select(key).where(has(session, field, word))
    proposed = proposal(session, field, word)
    if proposed is None:
        return query
    return sa.union(*(proposed.narrowed(query, key, source) for source in (proposed.source, proposed.stale)))


def some_with(session: Session, field: Any, word: str, limit: int) -> list[int]:
    """Ids of rows that have `word` in a column, `limit` at most."""
    key = field.class_.id
    query = session.query(field.class_).filter(has(session, field, word))
    proposed = proposal(session, field, word)
    if proposed is not None:
        return proposed.keys(session, query, key, limit)
    return [one for (one,) in query.with_entities(key).limit(limit)]


def own_subscribers(session: Session, company_id: int, figures: str, word: str) -> list[int] | None:
    """Ids of a company's subscribers whose number may have `figures` or whose name may have `word`.

    None where the company's rows are to be walked: parts that are short, or had by more than MOST rows of everybody.
    `figures` are empty where a number is not meant.
    """
    words = [one for one in (figures, word) if one]
    if not all(_parts(one) and "\0" not in one for one in words) or not _is_there(session):
        return None
    if is_postgresql(session):
        asked: Any = sa.text("SELECT id FROM find_own_subscribers(:company, :figures, :word, :most) AS f(id)")
        bound = {"figures": figures, "word": word}
    else:
        asked = sa.text(_OWN_FIGURES if figures else _OWN_NAME)
        bound = {"word": _fts(_parts(word))} | ({"figures": _fts(_parts(figures))} if figures else {})
    found = list(session.scalars(asked, {"company": company_id, "most": MOST, **bound}))
    return None if None in found else found


def _own(columns: dict[str, str]) -> str:
    """The statement of `own_subscribers` on SQLite: the sources, a NULL where one has too many, and who is theirs."""
    sources = {
        name: f"SELECT rowid AS id FROM find_subscriber_{name} WHERE find_subscriber_{name} MATCH :{asked} LIMIT :most"  # noqa: S608
        for name, asked in columns.items()
    } | {"waiting": "SELECT id FROM find_subscriber_stale LIMIT :most"}
    parts = ", ".join(f"{name} AS MATERIALIZED ({source})" for name, source in sources.items())
    many = " OR ".join(f"(SELECT COUNT(*) FROM {name}) >= :most" for name in sources)  # noqa: S608
    mine = " UNION ".join(
        # by IN and «+» each row is met by its key: a join begins with a Bloom filter over everybody's rows
        f"SELECT s.id FROM subscriber s WHERE s.id IN (SELECT id FROM {name}) "  # noqa: S608
        "AND +s.company_id = :company AND NOT (SELECT many FROM m)"
        for name in sources
    )
    return f"WITH {parts}, m AS MATERIALIZED (SELECT {many} AS many) SELECT NULL FROM m WHERE many UNION ALL {mine}"  # noqa: S608


MOST = 2_000  # rows looked at for their company; beyond, walking the company's own is no dearer
_OWN_FIGURES = _own({"number": "figures", "name": "word"})
_OWN_NAME = _own({"name": "word"})


def _parts(word: str) -> list[str]:
    """Parts to ask for; those with letters of which SQLite may not know both cases are left out."""
    parts = dict.fromkeys(word[at : at + PART] for at in range(len(word) - PART + 1))
    return [part for part in parts if all(map(_is_sure, part))]


def _is_sure(letter: str) -> bool:
    return letter.lower() == letter.upper() or any(first <= letter <= last for first, last in _ALPHABETS)


# Latin, Greek, Cyrillic: a test looks for each of their letters in either case.
_ALPHABETS = (("\0", "\u024f"), ("\u0386", "\u03ce"), ("\u0400", "\u052f"), ("\u1e00", "\u1eff"))


def _telling(session: Session, field: Any, parts: list[str]) -> list[str]:
    """The parts that leave anybody out: one that most rows have costs a walk over all of them («any» of «Company»)."""
    if is_postgresql(session):  # whose index leaves common parts to the last by itself
        return parts
    texts = _sample(session, field)
    if len(texts) < SAMPLE:
        return parts
    common = {part: sum(part.lower() in text for text in texts) for part in parts}
    return [part for part in parts if common[part] * 2 <= SAMPLE] or [min(parts, key=lambda part: common[part])]


def _sample(session: Session, field: Any) -> list[str]:
    """Some of a column's newest texts, remembered for a while: enough to know which parts are everywhere."""
    known = session.get_bind().engine.__dict__.setdefault("_kabinet_sampled", {})
    key = (field.class_.__tablename__, field.key, tenancy.scope())
    when, texts = known.get(key, (None, []))
    if when is None or (clock.now() - when).total_seconds() > SAMPLED_FOR:
        query = sa.select(field).order_by(field.class_.id.desc()).limit(SAMPLE)
        texts = [str(text or "").lower() for text in session.scalars(query)]
        if len(known) > KNOWN_SAMPLES:
            known.clear()
        known[key] = (clock.now(), texts)
    return texts


def _fts(parts: Sequence[str]) -> str:
    return " AND ".join('"{}"'.format(part.replace('"', '""')) for part in parts)


def _is_there(session: Session) -> bool:
    """Whether the migration could make the tables of parts (SQLite may come without FTS5)."""
    known: dict[str, bool] = session.get_bind().engine.__dict__.setdefault("_kabinet_finding", {})
    if "there" not in known:
        known["there"] = sa.inspect(session.connection()).has_table("find_company_name")
    return known["there"]


def is_anything_stale(session: Session) -> bool:
    """Whether rows wait to be worked in."""
    if not _is_there(session):
        return False
    return bool(session.scalar(sa.select(sa.or_(*(_stale(table).exists() for table in SEARCHED)))))


def _stale(table: str) -> Any:
    return sa.select(sa.literal_column("id", sa.BigInteger).label("id")).select_from(sa.table(f"find_{table}_stale"))


def catch_up(session: Session, at_once: int = AT_ONCE) -> int:
    """Work in the longest waiting rows of each table, some at a time; how many notes that settled."""
    return sum(_work_in(session, table, columns, at_once) for table, columns in SEARCHED.items())


def _work_in(session: Session, table: str, columns: tuple[str, ...], at_once: int) -> int:
    """Notes are settled by their number: one made meanwhile, of the same row, stays."""
    stale = f"find_{table}_stale"
    first = f"(SELECT seq FROM {stale} ORDER BY seq LIMIT {at_once:d})"  # noqa: S608
    looked = f"SELECT MAX(seq), COUNT(*) FROM {first} s"  # noqa: S608
    last, count = session.execute(sa.text(looked)).one()
    if not count:
        return 0
    for column in columns:
        into = _INTO[is_postgresql(session)].format(table=table, column=column, part=PART)
        session.execute(sa.text(into), {"last": last})
    settled = f"DELETE FROM {stale} WHERE seq <= :last"  # noqa: S608
    session.execute(sa.text(settled), {"last": last})
    return int(count)


_ROWS = """FROM {table} t WHERE t.id IN (SELECT id FROM find_{table}_stale WHERE seq <= :last)
 AND LENGTH(t.{column}) >= {part} ORDER BY t.id"""
_INTO = {
    False: "INSERT INTO find_{table}_{column} (rowid, said) SELECT t.id, t.{column} " + _ROWS,  # noqa: S608
    True: "INSERT INTO find_{table}_{column} (id, parts) SELECT t.id, find_parts(t.{column}) "
    + _ROWS  # noqa: S608
    + " ON CONFLICT (id) DO UPDATE SET parts = EXCLUDED.parts",
}
