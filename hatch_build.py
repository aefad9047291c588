"""Compiles ``rules/`` and the pairs of ``sample_logs/`` into the wheel, each as one JSON file inside the package.

An editable install gets neither: it reads the YAML and the programs, so that a change counts at once.
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface


class CompileData(BuildHookInterface):
    """Hatchling's hook: runs once for each wheel, in pip's isolated environment (pyyaml and msgspec are there)."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Adds the compiled files to the wheel; broken rules end the build with the place of each mistake."""
        if version == "editable":
            return
        # Never below src/: files compiled once and left there would be packed again when their sources have changed.
        self._folder = tempfile.TemporaryDirectory(prefix="loopdoctor-data-")
        for place, data in compile_data(Path(self.root)).items():
            compiled = Path(self._folder.name, Path(place).name)
            compiled.write_bytes(data)
            build_data["force_include"][str(compiled)] = place

    def finalize(self, version: str, build_data: dict[str, Any], artifact_path: str) -> None:
        """Removes the temporary files once the wheel is written."""
        if version != "editable":
            self._folder.cleanup()


def compile_data(root: Path) -> dict[str, bytes]:
    """The files that a wheel of the tree ``root`` has beside its code: place in the wheel -> content."""
    sys.path.insert(0, str(root / "src"))
    try:
        from loopdoctor import repro
        from loopdoctor.catalogue.compile import to_json
        from loopdoctor.catalogue.load import load_directory
        from loopdoctor.errors import LoopdoctorError

        try:
            return {
                "loopdoctor/catalogue/rules.json": to_json(load_directory(root / "rules").catalogue),
                "loopdoctor/pairs.json": repro.to_json(repro.read_folder(root / "sample_logs")),
            }
        except LoopdoctorError as error:
            raise SystemExit(f"the rules or the pairs are broken, so no wheel is built:\n{error}") from None
    finally:
        sys.path.remove(str(root / "src"))
