"""The options of ``scan`` that say what is accepted: ``--baseline``, ``--write-baseline`` and ``--ignore``."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from loopdoctor.configuration import read_configuration
from loopdoctor.gate import Gate, Ignore
from loopdoctor.model import Report
from loopdoctor.render.delivery import check_target, to_file
from loopdoctor.render.messages import say

if TYPE_CHECKING:
    from loopdoctor.baselines import Entries


def gate_of(baseline: str | None, write_baseline: str | None, ignore: Sequence[str]) -> tuple[Gate, Entries]:
    """What the report is held against, and the entries of the baseline that is to be written again.

    Raises LoopdoctorError before the scan for what cannot be read, or written after it.
    """
    former: Entries = {}
    known: Entries = {}
    if write_baseline is not None:
        from loopdoctor.baselines import read_former

        check_target(write_baseline, "the baseline")
        former = read_former(write_baseline)
    if baseline is not None and baseline == write_baseline:
        known = former  # it need not be there yet
    elif baseline is not None:
        from loopdoctor.baselines import read_baseline

        known = read_baseline(baseline)
    return Gate(known, (*read_configuration().joined("ignore"), *map(Ignore, ignore))), former


def accept(report: Report, titles: Mapping[str, str], path: str, former: Entries, *, quiet: bool) -> None:
    """Writes what was found as the baseline, and says what has changed in it; after Ctrl-C it is left as it is.

    Raises LoopdoctorError if it cannot be written.
    """
    from loopdoctor.baselines import baseline_of, baseline_text

    if report.stats.interrupted:
        say("notice", "the scan was stopped: the baseline was not written", path)
        return
    entries = baseline_of(report, titles, former)
    to_file([baseline_text(entries)], path, "the baseline")
    if not quiet:
        every = "1 failure" if len(entries) == 1 else f"{len(entries)} failures"
        new, gone = len(entries.keys() - former.keys()), len(former.keys() - entries.keys())
        say("notice", f"the baseline has {every}: {new} new, {gone} gone", path)
