"""The Python that runs the scripts of these tests."""

from __future__ import annotations


def test_lines_of_forks_stay_whole(python, tmp_path):
    script = """
        import os
        for _ in range(4):
            if not os.fork():
                for _ in range(2000):
                    print("> line", flush=True)
                os._exit(0)
        for _ in range(4):
            os.wait()
    """
    assert python.run(script, tmp_path) == ["> line"] * 8000
