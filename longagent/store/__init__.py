"""What outlives a run: the response cache, the journal of each run, the list of runs. SQLite and JSON, no pickle."""
