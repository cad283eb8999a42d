"""The vote on the curves of one track, which share its grid."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from veernet.register.draft import SURE
from veernet.register.mnemonics import Scale
from veernet.register.scale_vote import Elected, Row, elected

_LIKELY = 0.8
"""Share of a vote from which on a scale may vouch for the same one of another curve."""


def votes_in_track(rows: Sequence[Sequence[Row]], decades: int | None) -> list[Elected]:
    """The vote on each curve of a track, and once more on what it leaves unsure, by the others.

    A log scale that is likely that of one is most likely that of the others, because they share the grid; and one tool measures several curves.

    Args:
        rows: Of each curve, what each block has of it.
        decades: Of a log track; 0 of one whose lines are lost, which may be one; None of an even one.
    """
    votes = [elected(each, decades) for each in rows]
    shared = shared_log_scale(votes)
    return [
        _again(vote, each, decades, shared, [name for other in votes if other is not vote and (name := _name(other))])
        for vote, each in zip(votes, rows, strict=True)
    ]


def _again(
    vote: Elected, rows: Sequence[Row], decades: int | None, shared: Scale | None, company: Sequence[str]
) -> Elected:
    """The vote on a curve in the company of others, whose names and scale are known, if it was not sure of its own."""
    beside = None if _log_scale(vote, SURE) else shared
    others = () if _name(vote) else company
    return vote if beside is None and not others else elected(rows, decades, beside, others)


def _name(vote: Elected) -> str | None:
    """The name that a vote is sure of."""
    return vote.known.mnemonic if vote.known is not None and vote.mnemonic >= SURE else None


def shared_log_scale(votes: Sequence[Elected]) -> Scale | None:
    """The log scale that a vote is sure of, or that two likely are for."""
    sure, likely = ([scale for vote in votes if (scale := _log_scale(vote, least))] for least in (SURE, _LIKELY))
    return next(iter(sure), None) or next((scale for scale, curves in Counter(likely).items() if curves > 1), None)


def _log_scale(vote: Elected, least: float) -> Scale | None:
    """The log scale that a vote is so sure of, if it is of one."""
    if vote.left is None or vote.right is None or vote.left <= 0 or not vote.usual or vote.unit != "OHMM":
        return None
    return (vote.left, vote.right) if min(vote.left_share, vote.right_share) >= least else None
