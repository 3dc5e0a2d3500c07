"""What a run tells others while it goes, all of it off unless asked for: a file of events, spans, hosted services."""

from longagent.tracing.tracers import KNOWN, Tracers, open_tracers

__all__ = ["KNOWN", "Tracers", "open_tracers"]
