"""When what is killed: a plan made of a seed alone, carried out while a command runs and is run again until it ends by itself."""

from __future__ import annotations

import random
import re
import signal
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from chaos.world import VICTIMS, Victim, World

#: A command that runs for longer than this hangs.
HANG_S = 900.0
#: The end of a run that went to its own end, whether or not sheets were set aside.
_ENDED = re.compile(r"(\d+) done(?: \(.*?\))?, (\d+) set aside, (\d+) were settled already")
_STEP_S = 0.05


@dataclass(frozen=True)
class Kill:
    """A process to be killed.

    Args:
        at_s: Seconds after the beginning.
        victim: Of which kind.
        down_s: Seconds until it is started again.
        choice: From 0 to 1, which of several.
    """

    at_s: float
    victim: Victim
    down_s: float
    choice: float


@dataclass
class Disturbed:
    """How an archive came to its end.

    Args:
        seconds: From the first command to the end of the last.
        ends: How each command ended: its exit code, or -9.
        kills: What was killed when, in seconds from the beginning.
        hung: Commands that had to be ended because they did not end by themselves.
        last: Sheets done, set aside and settled before, by the words of the last command.
        said: Last words of the commands that failed of themselves.
    """

    seconds: float = 0.0
    ends: list[int] = field(default_factory=list)
    kills: list[tuple[float, str]] = field(default_factory=list)
    hung: int = 0
    last: tuple[int, int, int] = (0, 0, 0)
    said: list[str] = field(default_factory=list)


def plan_of(
    seed: int, count: int, span_s: float, victims: Sequence[Victim] = VICTIMS, down_s: float = 3.0
) -> list[Kill]:
    """So many kills at random moments of a span, of each kind of process equally many, as far as the count allows.

    Args:
        seed: Of all that is random in it.
        count: Kills.
        span_s: Seconds over which they are spread.
        victims: What is killed.
        down_s: Seconds for which a killed process stays away at most; one in five is there again at once.
    """
    rng = random.Random(seed)
    chosen = [victims[number % len(victims)] for number in range(count)]
    rng.shuffle(chosen)
    moments = sorted(rng.uniform(0.0, span_s) for _ in range(count))
    downs = [0.0 if rng.random() < 0.2 else rng.uniform(0.0, down_s) for _ in range(count)]
    return [Kill(*planned, rng.random()) for planned in zip(moments, chosen, downs, strict=True)]


def run_until_done(world: World, source: str, out: str, kills: Sequence[Kill], *options: str) -> Disturbed:
    """Run the command, and the same command again, until one ends by itself, while what it stands on is killed.

    Raises:
        RuntimeError: one failed of itself more often than there were kills to blame.
    """
    told, planned, back = Disturbed(), list(kills), dict[Victim, float]()
    began_s = time.monotonic()
    while True:
        flow, flow_began_s = world.begin(source, out, *options), time.monotonic()
        while flow.poll() is None:
            now_s = time.monotonic() - began_s
            for victim in [victim for victim, at_s in back.items() if at_s <= now_s]:
                world.start(victim)
                del back[victim]
            if planned and planned[0].at_s <= now_s and world.runs(planned[0].victim):
                kill = planned.pop(0)
                told.kills.append((round(now_s, 2), world.kill(kill.victim, kill.choice)))
                if kill.victim != "flow":
                    back[kill.victim] = max(back.get(kill.victim, 0.0), now_s + kill.down_s)
            if time.monotonic() - flow_began_s > HANG_S:
                told.hung += 1
                flow.kill()
            time.sleep(_STEP_S)
        world.ended(flow)
        told.ends.append(flow.returncode)
        for victim in list(back):
            world.start(victim)
        back.clear()
        if flow.returncode != -signal.SIGKILL:
            if ended := _ENDED.search(world.said()):
                done, set_aside, already = map(int, ended.groups())
                told.last, told.seconds = (done, set_aside, already), time.monotonic() - began_s
                return told
            told.said.append(world.said()[-1500:])
            if len(told.said) > len(told.kills) + 1:
                raise RuntimeError(f"the command does not come to an end: {told.said[-1]}")


def ways_of(told: Disturbed) -> Iterator[tuple[str, int]]:
    """How many were killed of each kind."""
    names = [name for _, name in told.kills]
    for victim in VICTIMS:
        yield victim, sum(name.startswith(victim) for name in names)
