"""One step of the pipeline in a process of its own, to be killed. Its argument is JSON, from Twins.child()."""

from __future__ import annotations

import json
import sys

from cli.lake import connect
from tests.support.pipeline import Pipeline


def main() -> None:
    given = json.loads(sys.argv[1])
    s3 = connect(given["lake"], given["access_key"], given["secret_key"])
    pipeline = Pipeline(given["source"], given["warehouse"], s3)
    (pipeline.extract if given["step"] == "extract" else pipeline.load)(given["table"], given["run_id"])


if __name__ == "__main__":
    main()
