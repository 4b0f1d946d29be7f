"""Layouts: what each kind of document of each country says and in which order (`domain.md` §1)."""
