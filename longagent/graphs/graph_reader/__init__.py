"""GraphReader (Li et al. 2024, arXiv 2406.14550)."""
