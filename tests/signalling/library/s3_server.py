"""A real S3 server (moto) in a process of its own, on a free port."""

import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager

from signalling.library.s3 import S3Settings
from tests.interop.server import free_port

BUCKET = "films"


@contextmanager
def server() -> Iterator[S3Settings]:
    """With an empty bucket."""
    port = free_port()
    endpoint = f"http://127.0.0.1:{port}"
    command = [sys.executable, "-m", "moto.server", "-H", "127.0.0.1", "-p", str(port)]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
        try:
            _make_bucket(f"{endpoint}/{BUCKET}")
            yield S3Settings(bucket=BUCKET, endpoint=endpoint, access_key_id="k", secret_access_key="s" * 8)
        finally:
            process.terminate()


def _make_bucket(url: str) -> None:
    until = time.monotonic() + 60
    while True:
        try:
            urllib.request.urlopen(urllib.request.Request(url, method="PUT"), timeout=5).close()
            return
        except urllib.error.URLError:
            if time.monotonic() > until:
                raise
            time.sleep(0.1)
