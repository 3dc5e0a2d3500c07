"""One file per format. Each has `read(data, options) -> Parsed`, and imports its library inside of functions."""
