"""Planted in Dask workers as a preload of theirs: registering that is sure of some scans, and that kills its worker over others.

A scan of which ``$SURE_OF`` holds the manifest gets a draft that says what this says, and is sure of all of it; what is named ``dies`` ends the
process; every other scan is registered as it is.
"""

from __future__ import annotations

import os
import signal
from pathlib import Path

from veernet.register import registering
from veernet.register.draft import Draft
from veernet.register.page_resume import resumed
from veernet.register.paper import Paper
from veernet.sheets.manifest import read_manifest

LEAST = 0.96
#: What this is planted over, also where a worker loads it a second time.
really_draft_of = getattr(registering.draft_of, "planted_over", registering.draft_of)


def draft_of(paper: Paper, name: str) -> Draft:
    """The draft of a scan; where it is planted, least sure of its first curve's left value, and with a track that is crowded."""
    stem = Path(name).stem
    if stem == "dies":
        os.kill(os.getpid(), signal.SIGKILL)
    known = Path(os.environ["SURE_OF"]) / f"{stem}.sheet.yaml"
    if not known.exists():
        return really_draft_of(paper, name)
    bare = Draft(source=name, width_px=paper.width, rows=paper.rows)
    draft = resumed(bare, read_manifest(known.read_bytes(), known.name))
    track = draft.tracks[0]
    left = track.curves[0].left.model_copy(update={"confidence": LEAST})
    curves = (track.curves[0].model_copy(update={"left": left}), *track.curves[1:])
    crowded = track.model_copy(update={"name": "crowded", "curves": (*track.curves, *track.curves, *track.curves)})
    tracks = (track.model_copy(update={"curves": curves}), *draft.tracks[1:], crowded)
    return draft.model_copy(update={"tracks": tracks})


if "SURE_OF" in os.environ:  # in workers, not where tests merely look something up here
    draft_of.planted_over = really_draft_of
    registering.draft_of = draft_of
