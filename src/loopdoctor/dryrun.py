"""What a log goes through, phase by phase, for the author of a rule: ``rules test --against LOG``.

It shows what a scan leaves out: which rules a record's words call up and why the others of them do not hold, and every
clue that was asked of an incident with what it added.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence

from loopdoctor.model import Judged, Passed, Record, Skipped
from loopdoctor.pipeline import Run
from loopdoctor.prefilter import Tally
from loopdoctor.ranking import weigh_symptoms
from loopdoctor.settings import Settings
from loopdoctor.sources import find_sources

MAX_RECORDS = 200


def rehearse(paths: Sequence[str], settings: Settings) -> Iterator[Passed | Judged | Skipped]:
    """Every record of the logs that calls up a rule, in the order of the log; then every incident.

    Raises LoopdoctorError as ``scan`` does.
    """
    run = Run(settings, None)
    silent = shown = beyond = 0
    for source in find_sources(paths, settings, run.notify):
        for item in run.flow(source, Tally(), Counter()):
            if isinstance(item, Record):
                symptoms, refusals = tuple(run.matcher.match(item)), tuple(run.matcher.refusals(item))
                if not symptoms and not refusals:
                    silent += 1
                elif shown < MAX_RECORDS:
                    shown += 1
                    yield Passed(item, symptoms, refusals)
                else:
                    beyond += 1
            run.take(item)
        run.collector.end_source(source.name)
    yield Skipped(silent, beyond)
    for diagnosis in run.report().diagnoses:
        yield Judged(diagnosis, weigh_symptoms(diagnosis.incident, run.matcher))
