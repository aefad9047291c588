"""What build services put before a line.

Reads BuildKit's plain progress (``#12 0.512 text``), TeamCity (``[10:00:00]W:<TAB> [Step 1/2] text``), GitHub
Actions' raw logs and ``gh run view --log`` (``job<TAB>step<TAB>TIME text``), Azure Pipelines, GitLab traces with time
stamps (``TIME 01E text``), and Jenkins' timestamper (``[TIME] text``).
"""

from __future__ import annotations

from loopdoctor.carriers.times import ISO
from loopdoctor.carriers.wrapping import Cut
from loopdoctor.patterns import lazy

GITLAB = lazy(rf"(?P<time>{ISO}) (?P<stream>[0-9a-f]{{2}}[OE])[ +]")
SEVEN_DIGITS = lazy(r"(?P<time>\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{7}Z)(?: |$)")
GH_RUN = lazy(r"(?P<job>[^\t]{1,120})\t(?P<step>[^\t]{1,120})\t(?=\d{4}-\d\d-\d\dT)")
BUILDKIT = lazy(r"#\d{1,4} \d+\.\d{1,3} ")
TEAMCITY = lazy(r"\[(?P<time>\d\d:\d\d:\d\d)\][WEFi ]?:[ \t]+(?:\[[^\[\]]{1,80}\] )?")
COMMAND = lazy(r"##\[(?:error|warning|notice|debug|command|section)\]|::(?:error|warning|notice)(?: [^:]*)?::")
# The runner's problem matchers put "Error: " before a line that they think is one, indentation and all.
MATCHED = lazy(r"Error: (?=\s{2,}\S|[\w.]+(?:Error|Exception|Group|Warning)\b)")


def cut_gitlab(text: str) -> Cut | None:
    """A GitLab line: time, stream number, O or E, and ``+`` where a line goes on."""
    match = GITLAB.match(text)
    return Cut("gitlab", text[match.end() :], "", match["time"]) if match else None


def cut_actions(text: str) -> Cut | None:
    """A GitHub Actions or Azure Pipelines line: seven digits of a second."""
    match = SEVEN_DIGITS.match(text)
    if match is None:
        return None
    rest = text[match.end() :]
    if rest.startswith(("##[", "::")) and (command := COMMAND.match(rest)) is not None:
        rest = rest[command.end() :]
    if rest.startswith("Error: ") and (matched := MATCHED.match(rest)) is not None:
        rest = rest[matched.end() :]
    return Cut("github-actions", rest, "", match["time"])


def cut_gh_run(text: str) -> Cut | None:
    """A line of ``gh run view --log``: job and step stand before it, parted by tabs."""
    match = GH_RUN.match(text)
    return Cut("gh-run", text[match.end() :], f"{match['job']}/{match['step']}") if match else None


def cut_buildkit(text: str) -> Cut | None:
    """A line of ``docker build --progress plain``: the step and its seconds."""
    match = BUILDKIT.match(text)
    return Cut("buildkit", text[match.end() :], match[0].split()[0]) if match else None


def cut_teamcity(text: str) -> Cut | None:
    """A line of a TeamCity build log."""
    match = TEAMCITY.match(text)
    return Cut("teamcity", text[match.end() :], "", match["time"]) if match else None
