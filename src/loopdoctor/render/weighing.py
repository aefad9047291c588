"""How a cause came by its confidence: every clue that was asked, held or not, with its weight and what it saw."""

from __future__ import annotations

from rich.text import Text

from loopdoctor.model import Candidate
from loopdoctor.render.page import Page, plain, prose
from loopdoctor.render.quotes import cut


def weigh(page: Page, candidate: Candidate, prior: float | None) -> None:
    """One cause with its sum: the prior of its symptoms, and every clue that was asked, held or not."""
    page.words(
        Text.assemble(plain(candidate.id, "bold"), plain(f"  {round(100 * candidate.confidence)}%  {candidate.title}"))
    )
    if prior is not None:
        page.words(Text("log-prior of its symptoms"), first=f"{prior:+6.2f}  ")
    for clue in sorted(candidate.clues, key=lambda clue: (not clue.held, -abs(clue.weight))):
        style = ("green" if clue.weight > 0 else "red" if clue.weight < 0 else "dim") if clue.weight else "dim"
        lead = Text(f"{clue.weight:+6.2f}  " if clue.weight else "        ", style)
        held = Text.assemble(plain(clue.id, "bold" if clue.held else "dim"), ("" if clue.held else " not seen", "dim"))
        page.words(Text.assemble(held, ": ", prose(clue.says, "" if clue.held else "dim")), first=lead)
        for quote in clue.quotes[:2]:
            page.quoted([plain(cut(quote.strip(), 160), "dim")], indent=8)
    if prior is not None:
        total = prior + sum(clue.weight for clue in candidate.clues)
        page.words(Text("sum", "bold"), first=f"{total:+6.2f}  ")
