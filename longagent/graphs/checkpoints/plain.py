"""What a checkpoint may hold: plain data and LangGraph's `Send`. A doctored file constructs nothing else."""

from typing import Any

_SEND = 1
"""The one extension type that is written and read."""


class PlainSerializer:
    """LangGraph's serializer interface over MessagePack, with a closed list of types.

    LangGraph's own list of safe types is longer than ours: messages, paths, patterns, arrays, constructors in JSON.
    """

    def dumps_typed(self, obj: Any) -> tuple[str, bytes]:
        """Serialize.

        Raises:
            TypeError: something in it is not plain data.
        """
        import ormsgpack

        # Without these, ormsgpack would write such objects silently as what they are not: a date as a string.
        option = (
            ormsgpack.OPT_NON_STR_KEYS
            | ormsgpack.OPT_PASSTHROUGH_DATACLASS
            | ormsgpack.OPT_PASSTHROUGH_DATETIME
            | ormsgpack.OPT_PASSTHROUGH_ENUM
            | ormsgpack.OPT_PASSTHROUGH_UUID
            | ormsgpack.OPT_REPLACE_SURROGATES
        )
        return "msgpack", ormsgpack.packb(obj, default=_default, option=option)

    def loads_typed(self, data: tuple[str, bytes]) -> Any:
        """Read back.

        Raises:
            ValueError: this is not what `dumps_typed` wrote.
        """
        import ormsgpack

        kind, packed = data
        if kind == "null":  # how Postgres' saver writes an empty channel
            return None
        if kind != "msgpack":
            raise ValueError(f"a checkpoint holds {kind!r}, which is never read")
        return ormsgpack.unpackb(packed, ext_hook=_construct, option=ormsgpack.OPT_NON_STR_KEYS)


def _default(obj: Any) -> Any:
    import ormsgpack
    from langgraph.types import Send

    if isinstance(obj, Send):
        return ormsgpack.Ext(_SEND, PlainSerializer().dumps_typed([obj.node, obj.arg])[1])
    if isinstance(obj, BaseException):  # LangGraph notes with a checkpoint why a node failed
        return repr(obj)
    raise TypeError(f"{type(obj).__name__} is not plain data")


def _construct(code: int, packed: bytes) -> Any:
    from langgraph.types import Send

    if code != _SEND:
        raise ValueError("a checkpoint holds something other than plain data")
    node, arg = PlainSerializer().loads_typed(("msgpack", packed))
    if not isinstance(node, str):
        raise ValueError("a checkpoint sends to something that is not a node")
    return Send(node, arg)
