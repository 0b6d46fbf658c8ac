"""Measurements of despin on texts that are not shipped with it. The README beside this file lists the commands.

The commands import despin as its users do and nothing of its inside, so that they can be run again on any version.
Start reading at `data.py` (where the texts come from), then `registers.py` (what kinds of clean text there are).
"""
