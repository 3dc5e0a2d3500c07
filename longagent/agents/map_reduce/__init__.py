"""Roles of map-reduce: one notes what a passage holds, one merges such results, one answers from them."""

from longagent.agents.map_reduce.roles import collapse, map_brief, map_passage, merge_brief, reduce, reduce_brief

__all__ = ["collapse", "map_brief", "map_passage", "merge_brief", "reduce", "reduce_brief"]
