"""Compiles ``rules/`` into the wheel, as ``loopdoctor/catalogue/rules.json``.

An editable install gets no compiled rules: it reads the YAML, so that a changed rule counts at once.
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface


class CompileRules(BuildHookInterface):
    """Hatchling's hook: runs once for each wheel, in pip's isolated environment (pyyaml and msgspec are there)."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Adds the compiled rules to the wheel; broken rules end the build with the place of each mistake."""
        if version == "editable":
            return
        # Never below src/: rules compiled once and left there would be packed again when the YAML has changed.
        self._folder = tempfile.TemporaryDirectory(prefix="loopdoctor-rules-")
        compiled = Path(self._folder.name, "rules.json")
        compiled.write_bytes(compile_rules(Path(self.root)))
        build_data["force_include"][str(compiled)] = "loopdoctor/catalogue/rules.json"

    def finalize(self, version: str, build_data: dict[str, Any], artifact_path: str) -> None:
        """Removes the temporary file once the wheel is written."""
        if version != "editable":
            self._folder.cleanup()


def compile_rules(root: Path) -> bytes:
    """The rules below ``root``/rules as one JSON text."""
    sys.path.insert(0, str(root / "src"))
    try:
        from loopdoctor.catalogue.compile import to_json
        from loopdoctor.catalogue.load import load_directory
        from loopdoctor.errors import RuleErrors

        try:
            return to_json(load_directory(root / "rules").catalogue)
        except RuleErrors as error:
            raise SystemExit(f"the rules are broken, so no wheel is built:\n{error}") from None
    finally:
        sys.path.remove(str(root / "src"))
