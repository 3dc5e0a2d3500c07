"""Roles of ALR² (Li et al. 2024, arXiv 2410.03227): one copies sentences, one answers from them."""

from longagent.agents.alr2.roles import (
    otherwise,
    reason,
    reason_brief,
    reason_in_context,
    retrieve,
    retrieve_again,
    retrieve_brief,
)

__all__ = [
    "otherwise",
    "reason",
    "reason_brief",
    "reason_in_context",
    "retrieve",
    "retrieve_again",
    "retrieve_brief",
]
