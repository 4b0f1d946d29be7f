"""Use cases: the only writers. Each takes (session, actor, …), checks the actor, never commits, raises DomainErrors."""
