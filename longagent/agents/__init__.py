"""A role is a prompt, a reply type and one model call. Knows nothing of graphs."""
