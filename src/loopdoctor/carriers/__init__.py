"""Carriers: whatever stands around the lines that a program wrote. ``unwrap`` takes it off."""

from loopdoctor.carriers.unwrap import GAP, PATIENCE, PAUSE, unwrap

__all__ = ["GAP", "PATIENCE", "PAUSE", "unwrap"]
