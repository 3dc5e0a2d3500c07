"""A web server that takes what it is sent and says that all is well, in place of a service on the internet."""

import gzip
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType


class Listener:
    """Listens on 127.0.0.1 while its `with` block lasts."""

    def __init__(self) -> None:
        bodies = self._bodies = []  # type: list[bytes]

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                self._answer(404)

            def do_POST(self) -> None:
                body = self._chunks() if self.headers.get("Transfer-Encoding") == "chunked" else self._read()
                bodies.append(gzip.decompress(body) if self.headers.get("Content-Encoding") == "gzip" else body)
                self._answer(200)

            do_PATCH = do_POST  # noqa: N815 - the name is the standard library's

            def _read(self) -> bytes:
                return self.rfile.read(int(self.headers.get("Content-Length", 0)))

            def _chunks(self) -> bytes:
                body = b""
                while size := int(self.rfile.readline(), 16):
                    body += self.rfile.read(size)
                    self.rfile.readline()
                self.rfile.readline()
                return body

            def _answer(self, status: int) -> None:
                self.send_response(status)
                self.send_header("Content-Length", "2")
                self.end_headers()
                self.wfile.write(b"{}")

            def log_message(self, *args: object) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_port}"

    @property
    def sent(self) -> bytes:
        """All that came so far."""
        return b"\n".join(self._bodies)

    def __enter__(self) -> "Listener":
        threading.Thread(target=self._server.serve_forever, daemon=True).start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.shutdown()
        self._server.server_close()
