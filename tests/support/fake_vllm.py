"""In place of vLLM's server, as far as longagent sees it: arguments are checked, logs written as by 0.32, HTTP served.

It runs as a script of its own, called `vllm`, and imports nothing but the standard library, so that it is there soon.
What it does is told by the environment: FAKE_VLLM_CALLS (a folder for what it was called with), FAKE_VLLM_DIES (a file
with the log of its death) and FAKE_VLLM_DIES_ON (GPUs on which it dies; by default all), FAKE_VLLM_WAITS (a file; it
goes on starting, deaf to SIGTERM, until that is there).
"""

import argparse
import json
import os
import signal
import subprocess
import sys
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

METRICS = """# HELP vllm:num_requests_running Number of requests in model execution batches.
# TYPE vllm:num_requests_running gauge
vllm:num_requests_running{{engine="0",model_name="{0}"}} 2.0
vllm:num_requests_waiting{{engine="0",model_name="{0}"}} 1.0
vllm:kv_cache_usage_perc{{engine="0",model_name="{0}"}} 0.25
vllm:prefix_cache_queries_total{{engine="0",model_name="{0}"}} 1000.0
vllm:prefix_cache_hits_total{{engine="0",model_name="{0}"}} 900.0
"""


def main() -> None:
    given = parse(sys.argv[1:])
    gpus = os.environ.get("CUDA_VISIBLE_DEVICES")
    calls = Path(os.environ["FAKE_VLLM_CALLS"])
    engine = subprocess.Popen([sys.executable, "-S", "-c", "import time; time.sleep(600)"])
    call = {"argv": sys.argv[1:], "env": dict(os.environ), "pids": [os.getpid(), engine.pid]}
    draft = calls / f"{given.port}-{os.getpid()}.draft"
    draft.write_text(json.dumps(call))
    draft.rename(calls / f"{given.port}-{os.getpid()}.json")
    log("INFO", f"non-default args: {vars(given)}")
    log("INFO", "Initializing a V1 LLM engine (v0.32.0) with config: …")
    log("INFO", f"Starting to load model {given.model}...")
    say("\rLoading safetensors checkpoint shards: 100% Completed | 1/1 [00:00<00:00,  1.18it/s]\n")
    if (dies := os.environ.get("FAKE_VLLM_DIES")) and os.environ.get("FAKE_VLLM_DIES_ON", gpus) == gpus:
        say(Path(dies).read_text())
        os._exit(1)  # and its engine, orphaned, runs on
    if waits := os.environ.get("FAKE_VLLM_WAITS"):
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        while not Path(waits).exists():
            time.sleep(0.01)
    signal.signal(signal.SIGTERM, lambda *_: os._exit(0))
    log("INFO", f"Starting vLLM server on http://{given.host}:{given.port}")
    log("INFO", "\x1b[31mcoloured\x1b[0m")
    ThreadingHTTPServer((given.host, given.port), handler(given)).serve_forever()


def parse(arguments: list[str]) -> argparse.Namespace:
    """Read arguments as `vllm serve` does; what it does not know ends it."""
    parser = argparse.ArgumentParser("vllm")
    parser.add_argument("serve", choices=["serve"])
    parser.add_argument("model")
    parser.add_argument("--host", required=True, choices=["127.0.0.1"])
    parser.add_argument("--port", required=True, type=int)
    parser.add_argument("--served-model-name", required=True)
    for name in ("--tensor-parallel-size", "--pipeline-parallel-size", "--max-num-seqs"):
        parser.add_argument(name, type=int)
    parser.add_argument("--max-model-len", type=int, default=4096)
    parser.add_argument("--gpu-memory-utilization", type=float)
    parser.add_argument("--runner", choices=["generate", "pooling"])
    for name in ("--enable-prefix-caching", "--enable-prompt-tokens-details", "--disable-uvicorn-access-log"):
        parser.add_argument(name, action=argparse.BooleanOptionalAction)
    return parser.parse_args(arguments)


def handler(given: argparse.Namespace) -> type[BaseHTTPRequestHandler]:
    entry = {"id": given.served_model_name, "max_model_len": given.max_model_len}
    bodies = {
        "/health": "",
        "/v1/models": json.dumps({"object": "list", "data": [entry]}),
        "/metrics": METRICS.format(given.served_model_name),
    }

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            body = bodies.get(self.path)
            self.send_response(404 if body is None else 200)
            self.end_headers()
            self.wfile.write((body or "").encode())

        def log_message(self, *_: object) -> None:
            pass

    return Handler


def log(level: str, message: str) -> None:
    say(f"(APIServer pid={os.getpid()}) {level} 11-25 16:11:35 [entry.py:140] {message}\n")


def say(text: str) -> None:
    sys.stderr.write(text)
    sys.stderr.flush()


if __name__ == "__main__":
    main()
