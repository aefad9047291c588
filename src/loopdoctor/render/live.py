"""What ``scan --follow`` prints while it goes on: an incident in full when it is new, a line when it comes again."""

from __future__ import annotations

from rich.text import Text

from loopdoctor.model import FixStep, Update
from loopdoctor.render import View
from loopdoctor.render.escape import runner_safe
from loopdoctor.render.page import Page, plain
from loopdoctor.render.terminal import obeyed
from loopdoctor.render.text import incident_page
from loopdoctor.render.wording import Titles


class Ticker:
    """Renders updates one after another; a fix that was told in full before is only referred to."""

    def __init__(self, titles: Titles, view: View) -> None:
        self._titles = titles
        self._view = view
        self._told: dict[tuple[str, tuple[FixStep, ...]], int] = {}

    def render(self, update: Update) -> str:
        """One update: an incident's page, or a line that says how often it was seen and where last."""
        if update.new:
            text = incident_page(update.number, update.diagnosis, self._titles, self._view, self._told)
        else:
            page = Page(self._view)
            page.wide(self._line(update), hang=4)
            text = page.take()
        return runner_safe(text) if obeyed() else text

    def _line(self, update: Update) -> Text:
        diagnosis = update.diagnosis
        incident = diagnosis.incident
        root = incident.members[0].symptom.id
        last = incident.last
        when = f" ({last.time})" if last.time else ""
        line = Text.assemble(
            (f"{update.number}. again: ", "bold"),
            plain(self._titles.get(root, root)),
            f", {incident.occurrences} times, last at ",
            plain(f"{last.source}:{last.line}{when}"),
        )
        if update.changed:
            cause = diagnosis.candidates[0]
            line.append_text(
                Text.assemble("; now most probably ", plain(cause.id, "bold"), f" ({round(cause.confidence * 100)} %)")
            )
        return line
