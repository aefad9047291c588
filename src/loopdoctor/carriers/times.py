r"""Points in time as logs write them at the start of a line; recognised, never computed with.

``2026-01-31 10:00:00,123``, ``2026-01-31T10:00:00.123456Z``, ``31/Jan/2026 10:00:00``, ``10:00:00``, ``Jan 31
10:00:00``.
"""

from __future__ import annotations

from loopdoctor.patterns import lazy

ISO = (
    r"\d{4}[-/.]\d\d[-/.]\d\d(?:T|  ?|_)\d\d:\d\d:\d\d(?:[.,:]\d{1,9})?"
    r"(?: ?(?:Z|UTC|GMT|CES?T|E[SD]T|[CMP][SD]T|WES?T|EES?T|[BIJ]ST|MSK|[+-]\d\d:?\d\d)(?![\w:.-]))?"
)
CLOCK = r"\d{1,2}:\d\d:\d\d(?:[.,]\d{1,9})?(?: [AP]M)?"
DAY_FIRST = (
    r"\d{1,2}[-/. ](?:[A-Z][a-z]{2}|\d{1,2})[-/. ]\d{2,4}[ :T]\d\d:\d\d:\d\d(?:[.,]\d{1,9})?(?: [AP]M| [+-]\d{4})?"
)
SYSLOG = r"(?:[A-Z][a-z]{2} )?[A-Z][a-z]{2} [ \d]\d \d\d:\d\d:\d\d(?:\.\d{1,6})?(?: \d{4})?(?: [AP]M)?"
COMPACT = r"\d{8}[-T ]\d\d:?\d\d:?\d\d(?:[.,]\d{1,9})?Z?"

TIME = rf"(?:{ISO}|{DAY_FIRST}|{CLOCK}|{COMPACT}|{SYSLOG})"
TIME_LEAD = lazy(rf"(?P<open>\[?)(?P<time>{TIME})(?P<close>\]?)")
ISO_LEAD = lazy(ISO)
