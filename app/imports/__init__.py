"""Files → rows with line numbers, fields and verdicts; parsers only: no database, no web."""
