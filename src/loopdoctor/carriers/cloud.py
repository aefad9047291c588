"""What log stores of clouds put before a line when they print it as text.

Reads ``aws logs tail`` (``TIME stream text``) and Grafana's logcli (``TIME {labels} text``).
"""

from __future__ import annotations

from loopdoctor.carriers.times import ISO
from loopdoctor.carriers.wrapping import Cut
from loopdoctor.patterns import lazy

AWS_TAIL = lazy(
    rf"(?P<time>{ISO}) (?P<stream>(?:[\w.$\[\]@:-]+/)+[\w.$\[\]@:-]+|\S*\[\$LATEST\]\S*|i-[0-9a-f]{{8,17}})(?: |$)"
)
LOGCLI = lazy(rf"(?P<time>{ISO}) \{{(?P<labels>[^{{}}]{{0,400}})\}} ?")


def cut_aws_tail(text: str) -> Cut | None:
    """A line of ``aws logs tail``: the group's stream is a path, and the time has microseconds and an offset."""
    match = AWS_TAIL.match(text)
    if match is None or "+" not in match["time"] or match["stream"].endswith(":") or ".py" in match["stream"]:
        return None
    return Cut("aws-logs-tail", text[match.end() :], match["stream"], match["time"])


def cut_logcli(text: str) -> Cut | None:
    """A line of logcli: the labels of its stream in braces."""
    match = LOGCLI.match(text)
    if match is None or "=" not in match["labels"]:
        return None
    return Cut("logcli", text[match.end() :], match["labels"].replace('"', ""), match["time"])
