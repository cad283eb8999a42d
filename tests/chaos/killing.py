"""When what is killed: a plan made of a seed alone, carried out while a command runs and is run again until it ends by itself."""

from __future__ import annotations

import random
import re
import signal
import time
from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from chaos.world import VICTIMS, Victim, World

#: A command that runs for longer than this hangs.
HANG_S = 900.0
#: A kill that is due comes so much later at most.
LONGEST_DELAY_S = 4.0
#: The end of a run that went to its own end, whether or not sheets were set aside.
_ENDED = re.compile(r"(\d+) done(?: \(.*?\))?, (\d+) set aside, (\d+) were settled already")
_STEP_S = 0.05


@dataclass(frozen=True)
class Kill:
    """A process to be killed.

    A run's progress is told by what it has asked of the storage, as a share of what an undisturbed run asks in all. So the same plan fits a
    machine that is quick and one that is busy; the delay lets kills fall where nothing is asked, too.

    Args:
        at_share: Progress at which it is due.
        delay_s: Seconds from then on.
        victim: Of which kind.
        down_s: Seconds until it is started again.
        choice: From 0 to 1, which of several.
    """

    at_share: float
    delay_s: float
    victim: Victim
    down_s: float
    choice: float


@dataclass
class Disturbed:
    """How an archive came to its end.

    Args:
        seconds: From the first command to the end of the last.
        ends: How each command ended: its exit code, or -9.
        kills: What was killed when: seconds from the beginning, progress, name of the process.
        hung: Commands that had to be ended because they did not end by themselves.
        asked: What was asked of the storage meanwhile, in bytes of its journal.
        last: Sheets done, set aside and settled before, by the words of the last command.
        said: Last words of the commands that failed of themselves.
    """

    seconds: float = 0.0
    ends: list[int] = field(default_factory=list)
    kills: list[tuple[float, float, str]] = field(default_factory=list)
    hung: int = 0
    asked: int = 0
    last: tuple[int, int, int] = (0, 0, 0)
    said: list[str] = field(default_factory=list)


def plan_of(seed: int, count: int, victims: Sequence[Victim] = VICTIMS, down_s: float = 3.0) -> list[Kill]:
    """So many kills at random moments of a run, of each kind of process equally many, as far as the count allows.

    Args:
        seed: Of all that is random in it.
        count: Kills.
        victims: What is killed.
        down_s: Seconds for which a killed process stays away at most; one in five is there again at once.
    """
    rng = random.Random(seed)
    chosen = [victims[number % len(victims)] for number in range(count)]
    rng.shuffle(chosen)
    shares = sorted(rng.random() for _ in range(count))
    return [kill_of(rng, share, victim, down_s) for share, victim in zip(shares, chosen, strict=True)]


def kill_of(rng: random.Random, at_share: float, victim: Victim, down_s: float = 3.0) -> Kill:
    """A kill at some progress, with the rest of it left to chance."""
    away_s = 0.0 if rng.random() < 0.2 else rng.uniform(0.0, down_s)
    return Kill(at_share, rng.uniform(0.0, LONGEST_DELAY_S), victim, away_s, rng.random())


def run_until_done(
    world: World, source: str, out: str, kills: Sequence[Kill] = (), whole: int = 0, options: Sequence[str] = ()
) -> Disturbed:
    """Run the command, and the same command again, until one ends by itself, while what it stands on is killed.

    Args:
        world: What it stands on.
        source: The archive.
        out: Its destination.
        kills: What to kill when.
        whole: What an undisturbed run asks of the storage (``Disturbed.asked``).
        options: Of the command.

    Raises:
        RuntimeError: one failed of itself more often than there were kills to blame.
    """
    told, killer, began_s = Disturbed(), _Killer(world, kills, whole), time.monotonic()
    while True:
        flow, flow_began_s = world.begin(source, out, *options), time.monotonic()
        while flow.poll() is None:
            killer.act()
            if time.monotonic() - flow_began_s > HANG_S:
                told.hung += 1
                flow.kill()
            time.sleep(_STEP_S)
        world.ended(flow)
        told.ends.append(flow.returncode)
        killer.start_all()
        if flow.returncode == -signal.SIGKILL:
            continue
        told.kills, told.asked, told.seconds = killer.killed, killer.asked, time.monotonic() - began_s
        if ended := _ENDED.search(world.said()):
            done, set_aside, already = map(int, ended.groups())
            told.last = (done, set_aside, already)
            return told
        told.said.append(world.said()[-1500:])
        if len(told.said) > len(told.kills) + 1:
            raise RuntimeError(f"the command does not come to an end: {told.said[-1]}")


class _Killer:
    """Carries out a plan, and brings back what it killed."""

    def __init__(self, world: World, kills: Sequence[Kill], whole: int) -> None:
        self._world = world
        self._planned = deque(kills)
        self._whole = whole
        self._began_s = time.monotonic()
        self._began_at = world.asked
        self._due_s = 0.0
        self._back: dict[Victim, float] = {}
        self.killed: list[tuple[float, float, str]] = []

    @property
    def asked(self) -> int:
        """What has been asked of the storage."""
        return self._world.asked - self._began_at

    def act(self) -> None:
        """Start what is to be there again, and kill what is due."""
        now_s = time.monotonic()
        for victim in [victim for victim, at_s in self._back.items() if at_s <= now_s]:
            self._world.start(victim)
            del self._back[victim]
        if not self._planned or self.asked < self._planned[0].at_share * self._whole:
            return
        self._due_s = self._due_s or now_s + self._planned[0].delay_s
        if now_s < self._due_s or not self._world.runs(self._planned[0].victim):
            return
        kill, share, self._due_s = self._planned.popleft(), self.asked / self._whole, 0.0
        name = self._world.kill(kill.victim, kill.choice)
        self.killed.append((round(now_s - self._began_s, 2), round(share, 3), name))
        if kill.victim != "flow":
            self._back[kill.victim] = max(self._back.get(kill.victim, 0.0), now_s + kill.down_s)

    def start_all(self) -> None:
        """Start what is away, for the next command."""
        for victim in self._back:
            self._world.start(victim)
        self._back.clear()


def ways_of(told: Disturbed) -> Iterator[tuple[str, int]]:
    """How many were killed of each kind."""
    names = [name for _, _, name in told.kills]
    for victim in VICTIMS:
        yield victim, sum(name.startswith(victim) for name in names)
