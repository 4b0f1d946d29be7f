"""Who knows whether a domain prefix is free: an extension point with this installation's own register behind it."""
