"""How a reply reaches the client: whole or streamed, at the pace of the model, and spoiled where a fault says so."""

from longagent.testing.http_thread import Connection, Ending, head_bytes, response_bytes
from longagent.testing.server.faults import Fault
from longagent.testing.server.protocol import Completion, seconds_per_event
from longagent.testing.server.speed import Speed

_DRIP_PAUSE = 0.05
"""Seconds between the bytes of a response that drips."""

_STREAM_HEAD = {"Content-Type": "text/event-stream", "Transfer-Encoding": "chunked"}
_LAST_CHUNK = b"0\r\n\r\n"


def spoil(completion: Completion, fault: Fault | None) -> Completion:
    """Return the reply as it is after a fault that changes what it says."""
    if fault == "empty-text":
        return completion._replace(text="")
    if fault == "filtered":
        return completion._replace(text=completion.text[: len(completion.text) // 2], finish="content_filter")
    return completion


async def send_whole(connection: Connection, completion: Completion, *, speed: Speed, fault: Fault | None) -> Ending:
    """Return the whole response, after the time it takes to write the reply."""
    if seconds := speed.writing(completion.tokens):
        await connection.wait(seconds)
    data = response_bytes(200, completion.body())
    if fault in {"truncated", "truncated-stream"}:
        # The head promises it all; in the middle of the body it ends.
        return Ending(data[: (data.index(b"\r\n\r\n") + 4 + len(data)) // 2], then="close")
    return await _dripped(connection, data) if fault == "drip" else Ending(data)


async def send_stream(
    connection: Connection, completion: Completion, *, usage: bool, speed: Speed, fault: Fault | None
) -> Ending:
    """Send a reply in server-sent events as it is written; return the last of them."""
    head = head_bytes(200, _STREAM_HEAD)
    chunks = [b"%x\r\n%b\r\n" % (len(event), event) for event in completion.events(usage=usage)]
    if fault == "drip":
        return await _dripped(connection, b"".join([head, *chunks, _LAST_CHUNK]))
    # After the text come how it ended, its usage if asked for, and the end mark.
    texts = len(chunks) - (3 if usage else 2)
    end = _LAST_CHUNK
    if fault in {"truncated", "truncated-stream"}:
        middle = (texts + 1) // 2
        end = _LAST_CHUNK if fault == "truncated-stream" else chunks[middle][:-8]
        chunks = chunks[:middle]
    if pause := seconds_per_event(speed.decode):
        await connection.send(head)
        for chunk in chunks[:texts]:
            await connection.send(chunk)
            await connection.wait(pause)
        head, chunks = b"", chunks[texts:]
    return Ending(b"".join([head, *chunks, end]), then="close" if fault == "truncated" else "keep")


async def _dripped(connection: Connection, data: bytes) -> Ending:
    # The head comes at once, so that all seems well.
    body = data.index(b"\r\n\r\n") + 4
    await connection.send(data[:body])
    for at in range(body, len(data) - 1):
        await connection.send(data[at : at + 1])
        await connection.wait(_DRIP_PAUSE)
    return Ending(data[-1:])
