"""The process of the tests' S3 server: OpenStack Swift with its S3 interface, all of it in one process.

``s3_server.py`` starts it, by the Python of an environment of its own, so that it imports nothing of this project. It
lives exactly as long as its standard input stays open: whatever ends the tests, kill -9 included, ends the server too.
"""

from __future__ import annotations

import json
import os
import socket
import sys
import time
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import eventlet
import eventlet.semaphore
import eventlet.wsgi
from eventlet.hubs import trampoline
from swift.common import utils, wsgi
from swift.common.http_protocol import SwiftHttpProtocol
from swift.common.ring import RingBuilder

Application = Callable[[dict[str, Any], Callable[..., object]], Iterable[bytes]]

BEHIND = ("account", "container", "object")  # the proxy speaks to clients, these to the proxy
FILTERS = (
    *("catch_errors", "gatekeeper", "healthcheck", "listing_formats", "bulk", "s3api", "tempauth"),
    *("slo", "dlo", "versioned_writes", "symlink"),
)


def _end_with_input() -> None:
    trampoline(sys.stdin.fileno(), read=True)  # nothing is ever written to it, so that it becomes readable by its end
    os._exit(0)  # as a crash would: a later start finds what is on the disk


def _listen(port: int) -> socket.socket:
    listening = eventlet.listen(("127.0.0.1", port), backlog=512, reuse_port=False)
    listening.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)  # or small answers wait 40 ms for their second half
    return listening


def _write_settings(folder: Path, ports: dict[str, int], account: str, key: str) -> None:
    """Write what each server reads at its start; the rings say that all there is lies on one disk here."""
    (folder / "swift.conf").write_text("[swift-hash]\nswift_hash_path_suffix = veernet\n")
    common = f"[DEFAULT]\nswift_dir = {folder}\ndevices = {folder}\nmount_check = false\ndb_preallocation = false\n"
    for name, port in ports.items():
        (folder / f"{name}.conf").write_text(f"{common}[app:main]\nuse = egg:swift#{name}\n")
        builder = RingBuilder(part_power=4, replicas=1, min_part_hours=0)
        builder.add_dev({"region": 1, "zone": 1, "weight": 1, "ip": "127.0.0.1", "port": port, "device": "disk"})
        builder.rebalance()
        builder.get_ring().save(str(folder / f"{name}.ring.gz"))
    options = {"tempauth": f"user_{account.replace(':', '_')} = {key} .admin\n", "s3api": "location = us-east-1\n"}
    filters = "".join(f"[filter:{name}]\nuse = egg:swift#{name}\n{options.get(name, '')}" for name in FILTERS)
    # One busy process answers late rather than never: a proxy that gave up on its own would say 503 of its own accord.
    patience = (
        "conn_timeout = 30\nnode_timeout = 60\nrecoverable_node_timeout = 60\nerror_suppression_limit = 1000000\n"
    )
    (folder / "proxy.conf").write_text(
        f"{common}[pipeline:main]\npipeline = {' '.join(FILTERS)} proxy-server\n{filters}"
        f"[app:proxy-server]\nuse = egg:swift#proxy\naccount_autocreate = true\n{patience}"
    )


def _deciding(app: Application) -> Application:
    """Answer conditional puts one after the other, as Amazon's S3 does.

    Swift by itself looks whether something is there, then writes: of eight at one moment it told all eight that they were first.
    """
    one_at_a_time = eventlet.semaphore.Semaphore()

    def answer(request: dict[str, Any], start_response: Callable[..., object]) -> Iterable[bytes]:
        if "HTTP_IF_NONE_MATCH" not in request:
            return app(request, start_response)
        with one_at_a_time:
            return list(app(request, start_response))

    return answer


def _noting(app: Application, journal: Path) -> Application:
    """Note every request in ``journal`` when it begins and when it has been answered, a line of JSON each.

    A line is one write, so that ``kill -9`` leaves whole lines, and a request that it cut off has no second one.
    """
    noted = os.open(journal, os.O_WRONLY | os.O_CREAT | os.O_APPEND)

    def note(**told: object) -> None:
        os.write(noted, json.dumps({"s": time.time(), **told}).encode() + b"\n")

    def answer(request: dict[str, Any], start_response: Callable[..., object]) -> Iterable[bytes]:
        number = f"{os.getpid()}-{id(request)}-{time.monotonic_ns()}"
        path = request["PATH_INFO"].encode("latin-1").decode("utf-8", "replace")
        note(number=number, method=request["REQUEST_METHOD"], path=path, query=request.get("QUERY_STRING", ""))

        def started(status: str, *more: object) -> object:
            note(number=number, status=int(status.split(maxsplit=1)[0]))
            return start_response(status, *more)

        return app(request, started)

    return answer


def _serve(conf_path: Path, listening: socket.socket, around: Callable[[Application], Application]) -> None:
    try:
        app = around(wsgi.loadapp(str(conf_path), global_conf={"log_name": conf_path.stem}))
        eventlet.wsgi.server(
            listening, app, utils.NullLogger(), protocol=SwiftHttpProtocol, capitalize_response_headers=False
        )
    finally:
        os._exit(1)  # three servers of four would be a riddle


def main(folder: Path, port: int, account: str, key: str) -> None:
    """Serve what lies in ``folder`` at ``port`` of the loopback interface until standard input closes."""
    utils.eventlet_monkey_patch()
    eventlet.spawn(_end_with_input)
    (folder / "disk").mkdir(parents=True, exist_ok=True)
    listening = {name: _listen(0) for name in BEHIND}
    _write_settings(folder, {name: sock.getsockname()[1] for name, sock in listening.items()}, account, key)
    utils.set_swift_dir(str(folder))
    for name, sock in listening.items():
        eventlet.spawn(_serve, folder / f"{name}.conf", sock, lambda app: app)
    eventlet.sleep(0)
    _serve(folder / "proxy.conf", _listen(port), lambda app: _noting(_deciding(app), folder / "journal.jsonl"))


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]), sys.argv[3], sys.argv[4])
