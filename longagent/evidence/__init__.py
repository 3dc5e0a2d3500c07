"""Quote or answer in, exact place in the source out; and whether the source carries the answer."""

from longagent.evidence.abstention import is_abstention
from longagent.evidence.quotes import SHORTEST as SHORTEST_QUOTE
from longagent.evidence.quotes import find_quote
from longagent.evidence.strict import Kept, keep_verified
from longagent.evidence.trace import Traced, trace

__all__ = ["SHORTEST_QUOTE", "Kept", "Traced", "find_quote", "is_abstention", "keep_verified", "trace"]
