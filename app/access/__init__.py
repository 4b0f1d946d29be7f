"""Who may see and do what: rights, roles, and the wall around each company."""
