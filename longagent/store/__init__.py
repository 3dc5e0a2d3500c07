"""What outlives a run, atomic and checked by content. Response cache, call journal and index store will live here."""
