"""A company's subscribers are looked for by the rarest parts of a word (PostgreSQL): its common ones leave nobody out.

How common a part is the database knows from its own statistics. Asked for all parts of «відділу 1580», the index walks
the lists of «від», «ідд», … which every row is in. The row itself decides, as before.
"""

from alembic import op

revision = "0011"
down_revision = "0010"

ASKED = 4  # parts; before statistics are taken all are asked for
OWN = "find_own_subscribers(bigint, text, text, integer)"
_BEFORE = {"f": "coalesce(find_parts(figures), '{}')", "g": "coalesce(find_parts(word), '{}')"}
_AFTER = {
    "f": "find_telling('find_subscriber_number', find_parts(figures))",
    "g": "find_telling('find_subscriber_name', find_parts(word))",
}
# Not SECURITY DEFINER: called by a company itself it knows no statistics, and tells nothing of others' words.
_TELLING = f"""
CREATE FUNCTION find_telling(of_table text, parts text[]) RETURNS text[] LANGUAGE sql STABLE SET search_path = public
AS $$
WITH known AS MATERIALIZED (
  SELECT s.part, s.often
  FROM pg_stats, unnest(most_common_elems::text::text[], most_common_elem_freqs) AS s(part, often)
  WHERE schemaname = 'public' AND tablename = of_table AND attname = 'parts'
), rare AS (
  SELECT p.part FROM unnest(parts) AS p(part) LEFT JOIN known USING (part) ORDER BY coalesce(often, 0), part
  LIMIT (SELECT CASE WHEN count(*) > 0 THEN {ASKED} END FROM known)
) SELECT coalesce(array_agg(part), '{{}}') FROM rare $$
"""  # noqa: S608


def upgrade():
    if op.get_bind().dialect.name == "postgresql":
        op.execute(_TELLING)
        _reword(_BEFORE, _AFTER)


def downgrade():
    if op.get_bind().dialect.name == "postgresql":
        _reword(_AFTER, _BEFORE)
        op.execute("DROP FUNCTION find_telling(text, text[])")


def _reword(before, after):
    """The same function, asked for other parts."""
    connection = op.get_bind()
    text = connection.exec_driver_sql(f"SELECT pg_get_functiondef('{OWN}'::regprocedure)").scalar_one()  # noqa: S608
    for name, said in before.items():
        if text.count(said) != 1:
            raise RuntimeError(f"{OWN} does not say {said}")
        text = text.replace(said, after[name])
    connection.exec_driver_sql(text.replace("%", "%%"))
