"""Reads answers with the official SDKs' own models: a JSON object a line in, `action TAB complaint` a line out."""

import importlib
import json
import sys

PACKAGES = {
    "ecs": "alibabacloud_ecs20140526",
    "vpc": "alibabacloud_vpc20160428",
    "swas": "alibabacloud_swas_open20200601",
    "ram": "alibabacloud_ram20150501",
    "sts": "alibabacloud_sts20150401",
}

# Members under the names of a document's first edition, answered beside the newer ones for the clients of that time.
OLDER_NAMES = {"ExportTaskId"}


def lost(given, kept, path=""):
    """Members that the model did not keep, or kept as something else."""
    if isinstance(given, dict):
        if not isinstance(kept, dict):
            return [path]
        found = []
        for name, value in given.items():
            below = f"{path}.{name}" if path else name
            if name not in kept:
                # A model leaves out what is empty.
                if value not in (None, {}, []) and name not in OLDER_NAMES:
                    found.append(below)
            else:
                found += lost(value, kept[name], below)
        return found
    if isinstance(given, list):
        if not isinstance(kept, list) or len(given) != len(kept):
            return [path]
        return sorted({place for one, other in zip(given, kept) for place in lost(one, other, path + "[]")})
    return [] if given == kept else [path]


def complaint(product, action, body):
    models = importlib.import_module(PACKAGES[product] + ".models")
    model = getattr(models, f"{action}ResponseBody", None)
    if model is None:
        return ""
    try:
        read = model().from_map(body)
        read.validate()
        places = lost(body, read.to_map())
    except Exception as error:  # whatever a model raises is its complaint
        return f"{type(error).__name__}: {error}"
    return ", ".join(places)


for line in sys.stdin:
    given = json.loads(line)
    told = complaint(given["product"], given["action"], json.loads(given["body"]))
    print(f"{given['product']}/{given['action']}\t{' '.join(told.split())}")
