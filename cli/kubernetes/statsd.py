"""prometheus/statsd_mapping.yml as the chart takes it.

The chart takes the list of mappings alone. So what the file says once for all of them is written into each.
"""

from __future__ import annotations

from typing import Any

import yaml

from cli.paths import REPOSITORY

_FILE = REPOSITORY / "prometheus" / "statsd_mapping.yml"
# A default's name => the name that a mapping has for it.
_OF_A_MAPPING = {"match_type": "match_type", "timer_type": "observer_type", "histogram_options": "histogram_options"}


def mappings() -> list[dict[str, Any]]:
    """The mappings, each with the defaults that it does not say itself.

    :raises KeyError: when the file has a default that no mapping can say.
    """
    content = yaml.safe_load(_FILE.read_text())
    defaults = {name: value for name, value in content["defaults"].items() if (name, value) != ("ttl", "0s")}
    given = {_OF_A_MAPPING[name]: value for name, value in defaults.items()}
    return [{**given, **each} for each in content["mappings"]]
