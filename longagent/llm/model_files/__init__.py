"""Model files in a folder of ours: fetched from a hub or taken over, checked, found by name."""
