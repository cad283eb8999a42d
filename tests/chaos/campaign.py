"""A campaign from its first pixel to its verdict, and the series of single kills that the same parts give."""

from __future__ import annotations

import itertools
import random
import shutil
import time
import warnings
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import obstore
from rasterio.errors import NotGeoreferencedWarning
from s3_server import ACCESS_KEY_ID, SECRET_ACCESS_KEY

from chaos.bad import WAYS, bad, bad_name
from chaos.killing import Disturbed, Kill, kill_of, plan_of, run_until_done
from chaos.sheets import Expected, Place, draw, good, good_names
from chaos.verify import Verdict, credentials_in, journal_of, judge, repeated
from chaos.world import Victim, World

SOURCE, UNDISTURBED = "scans", "undisturbed"
Say = Callable[[str], object]


@dataclass
class Outcome:
    """How one archive came out of it.

    Args:
        name: Of the round.
        disturbed: What was done to it.
        verdict: What came of it.
        asked_again: Sheets that were set aside for a fault that passes, and done when ``--retry set-aside`` asked.
        put_again: LAS files put once more, because a kill came between a sheet's files and its entry.
        once_more: What the same command does when all is done; done and set aside are 0.
    """

    name: str
    disturbed: Disturbed
    verdict: Verdict
    asked_again: int
    put_again: int
    once_more: tuple[int, int, int]

    @property
    def good(self) -> bool:
        """Whether nothing is wrong."""
        return self.verdict.good and not self.disturbed.hung and self.once_more[:2] == (0, 0)

    def told(self) -> dict[str, Any]:
        """The same for JSON."""
        return {**asdict(self), "good": self.good}


@dataclass
class Campaign:
    """An archive in a bucket, what must become of it, and an undisturbed run of it.

    Args:
        world: What runs it.
        seed: Of all that is random.
        expected: What each sheet must become.
        objects: The archive, by key.
        undisturbed: Results of the undisturbed run, by key.
        undisturbed_s: How long that took.
        undisturbed_asked: What it asked of the storage (``chaos.killing.Disturbed.asked``).
    """

    world: World
    seed: int
    expected: list[Expected]
    objects: dict[str, bytes]
    undisturbed: dict[str, bytes] = field(default_factory=dict)
    undisturbed_s: float = 0.0
    undisturbed_asked: int = 0

    def round(self, name: str, kills: Sequence[Kill]) -> Outcome:
        """Do the archive into a bucket of its own under these kills, and judge what comes of it."""
        self.world.storage.make_bucket(name)
        source, out = f"s3://{SOURCE}", f"s3://{name}"
        disturbed = run_until_done(self.world, source, out, kills, self.undisturbed_asked)
        asked_again = self._failed(self._objects(name))
        if asked_again:
            run_until_done(self.world, source, out, options=("--retry", "set-aside"))
        once_more = run_until_done(self.world, source, out).last
        noted = journal_of(self.world.journal)
        results = self._objects(name)
        told = [one.told() for one in self.expected]
        verdict = judge(told, results, self.undisturbed, self.objects, noted, name, SOURCE)
        verdict.leaked = self._leaked(results)
        return Outcome(name, disturbed, verdict, asked_again, repeated(noted, name), once_more)

    def run_undisturbed(self) -> None:
        """Do the archive once in peace.

        Raises:
            RuntimeError: Not even that gives what it must.
        """
        self.world.storage.make_bucket(UNDISTURBED)
        told = run_until_done(self.world, f"s3://{SOURCE}", f"s3://{UNDISTURBED}")
        self.undisturbed_s, self.undisturbed_asked = told.seconds, told.asked
        self.undisturbed = self._objects(UNDISTURBED)
        expected = [one.told() for one in self.expected]
        verdict = judge(expected, self.undisturbed, self.undisturbed, self.objects)
        if not verdict.good:
            raise RuntimeError(f"the undisturbed run is not as it must be: {verdict}")

    def _failed(self, results: dict[str, bytes]) -> int:
        """Sheets set aside for what is not wrong with them."""
        verdict = judge([one.told() for one in self.expected], results, self.undisturbed, self.objects)
        return len(verdict.lost) + len(verdict.reasons)

    def _objects(self, bucket: str) -> dict[str, bytes]:
        client = self.world.storage.client(bucket)
        keys = [found["path"] for page in obstore.list(client) for found in page]
        return {key: bytes(obstore.get(client, key).bytes()) for key in keys}

    def _leaked(self, results: dict[str, bytes]) -> list[str]:
        """Look for the storage's keys in all that came out and in all that was said."""
        files = [*self.world.logs.iterdir(), *self.world.database.parent.glob("prefect.db*")]
        texts = [*results.items(), *((path.name, path.read_bytes()) for path in files)]
        return credentials_in(texts, (SECRET_ACCESS_KEY, ACCESS_KEY_ID))


def make_archive(folder: Path, seed: int, sheets: int, bad_sheets: int) -> list[Expected]:
    """Draw an archive of so many sheets, so many of them bad, each way of being bad in its turn; what each must become."""
    goods, ways = sheets - bad_sheets, random.Random(seed).sample(WAYS, len(WAYS))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", NotGeoreferencedWarning)
        drawn = draw(folder.with_name("drawings"))
        expected = [good(drawn, Place(folder, name, number)) for number, name in enumerate(good_names(goods))]
        for number, way in enumerate(itertools.islice(itertools.cycle(ways), bad_sheets)):
            expected.append(bad(drawn, Place(folder, bad_name(way, number), goods + number), way))
    return expected


def begin(world: World, seed: int, sheets: int, bad_sheets: int, say: Say) -> Campaign:
    """Make the archive, put it into its bucket, and do it once in peace."""
    folder = world.folder / "archive"
    shutil.rmtree(folder, ignore_errors=True)
    expected = make_archive(folder, seed, sheets, bad_sheets)
    world.storage.make_bucket(SOURCE)
    client = world.storage.client(SOURCE)
    objects = {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}
    for key, content in objects.items():
        obstore.put(client, key, content)
    kinds = Counter(one.kind for one in expected)
    say(f"{len(expected)} sheets, {bad_sheets} of them bad, of {len(kinds)} kinds, in {len(objects)} objects")
    campaign = Campaign(world, seed, expected, objects)
    campaign.run_undisturbed()
    say(f"undisturbed: {campaign.undisturbed_s:.0f} s")
    return campaign


def mixed(campaign: Campaign, kills: int) -> Outcome:
    """One archive while everything is killed at random moments."""
    return campaign.round("disturbed", plan_of(campaign.seed, kills))


def series(campaign: Campaign, victim: Victim, rounds: int, say: Say) -> list[Outcome]:
    """So many runs of the archive, in each of which one process of this kind is killed once, at a random moment of the run."""
    rng, outcomes = random.Random(f"{campaign.seed} {victim}"), []
    for number in range(1, rounds + 1):
        # One moment of each tenth of the run, so that none is left out by chance.
        kill = kill_of(rng, (number - 1 + rng.random()) / rounds, victim)
        began_s = time.monotonic()
        outcome = campaign.round(f"{victim}-{number:02d}", [kill])
        told = "good" if outcome.good else f"NOT GOOD: {outcome.verdict}"
        say(f"{outcome.name}: killed {outcome.disturbed.kills}, {time.monotonic() - began_s:.0f} s, {told}")
        outcomes.append(outcome)
    return outcomes
