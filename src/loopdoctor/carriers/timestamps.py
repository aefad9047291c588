"""A bare time before a line, put there by whoever copied it: ``docker logs -t``, moreutils' ts, Jenkins, CloudWatch.

Comes last of all: only when nothing else explains what stands behind the time.
"""

from __future__ import annotations

from loopdoctor.carriers.times import TIME
from loopdoctor.carriers.wrapping import Cut
from loopdoctor.patterns import lazy

BARE = lazy(rf"(?P<open>\[)?(?P<time>{TIME}|\d{{10}}(?:\.\d{{3,9}})?)(?(open)\])(?:[ \t,;]|$)(?:[|-] )?")


def cut_timestamp(text: str) -> Cut | None:
    """A time and one blank before the program's own line."""
    match = BARE.match(text)
    return Cut("timestamp", text[match.end() :], "", match["time"]) if match else None
