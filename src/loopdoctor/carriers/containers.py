"""What container runtimes and multiplexers of containers put before a line.

Reads ``docker logs -t``, Kubernetes' CRI log files (``TIME stderr F text``), docker compose v1 and v2 (``web-1  |
text``), ``kubectl logs --prefix`` (``[pod/x/c] text``), and stern (``pod container text``).
"""

from __future__ import annotations

import re

from loopdoctor.carriers.levels import UPPER
from loopdoctor.carriers.times import ISO
from loopdoctor.carriers.wrapping import Cut
from loopdoctor.patterns import lazy

# The tag may hold several parts joined by colons; the first says whether the line is partial (P) or full (F).
CRI = lazy(rf"(?P<time>{ISO}) (?P<stream>stdout|stderr) (?P<tag>[FP])(?::\S+)?(?: |$)")
# Two blanks before the bar, or a replica's number at the name's end: a lone "a | b" is a table.
COMPOSE = lazy(
    rf"(?!(?:{UPPER})\b)(?P<name>(?:\d+\|)?[A-Za-z][\w.:/@-]{{0,60}}?)"
    r"(?<![:/@-])(?: {2,}|(?<=\d) )\|(?: (?P<rest>.*)|$)",
    re.DOTALL,
)
KUBECTL = lazy(r"\[(?P<key>pod/[\w.-]+/[\w.-]+)\](?: |$)")
# Kubernetes makes the random ends of names of these letters only (no vowels), so prose does not look like them.
_RANDOM = r"[bcdfghjklmnpqrstvwxz2456789]{5}"
STERN = lazy(
    rf"(?P<pod>[a-z0-9][a-z0-9.-]*-{_RANDOM}|[a-z0-9][a-z0-9.-]*-\d{{1,3}}) "
    r"(?P<container>[a-z0-9][a-z0-9-]*)(?: |$)"
)
STERN_POD = lazy(rf"[a-z0-9.-]*-{_RANDOM}$")


def cut_cri(text: str) -> Cut | None:
    """A line of a CRI log file; ``P`` lines go on in the next of the same stream."""
    match = CRI.match(text)
    if match is None:
        return None
    return Cut("cri", text[match.end() :], match["stream"], match["time"], partial=match["tag"] == "P")


def cut_bar(text: str) -> Cut | None:
    """A name and a bar: docker compose, and what imitates it."""
    match = COMPOSE.match(text)
    if match is None:
        return None
    return Cut("pm2" if "|" in match["name"] else "compose", match["rest"] or "", match["name"])


def cut_kubectl(text: str) -> Cut | None:
    """A line of ``kubectl logs --prefix``."""
    match = KUBECTL.match(text)
    return Cut("kubectl-prefix", text[match.end() :], match["key"].removeprefix("pod/")) if match else None


def cut_stern(text: str) -> Cut | None:
    """A line of stern's default output; a pod without a random end (a stateful set's) must not be mere prose."""
    match = STERN.match(text)
    if match is None or not (STERN_POD.match(match["pod"]) or match["container"] in match["pod"]):
        return None
    return Cut("stern", text[match.end() :], f"{match['pod']}/{match['container']}")
