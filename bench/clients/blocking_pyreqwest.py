"""pyreqwest's SyncClient.

blocking_pyreqwest.py URL WARMUP FETCHES SECONDS TASKS
"""

from pathlib import Path

from pyreqwest.client import SyncClientBuilder

from measure import Run

run = Run.from_arguments()
builder = SyncClientBuilder()
if run.authority:
    builder = builder.add_root_certificate_pem(Path(run.authority).read_bytes())
with builder.build() as client:

    def stream() -> int:
        """Read piece by piece."""
        size = 0
        with client.get(run.url).build_streamed() as response:
            while piece := response.body_reader.read_chunk():
                size += len(piece)
        return size

    run.blocking(lambda: client.get(run.url).build().send().bytes().to_bytes(), stream)
