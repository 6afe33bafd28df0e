"""A push as its receiver sees it: which moves may be made, what comes for them, and all or none of it."""

from __future__ import annotations

from collections.abc import Sequence

from objstore.errors import CorruptObject, InvalidRefName, MissingObject, RefConflict
from objstore.objects.jumps import ancestor_at
from objstore.objects.kinds import Oid
from objstore.repository.repository import Repository
from objstore.repository.revisions import NAMESPACES, peel
from objstore.sync.access import Access, Verb
from objstore.sync.arrival import Arrival, Limits, TooMuch
from objstore.sync.commit_check import CheckPath, CommitCheck
from objstore.sync.heads import Heads
from objstore.sync.marks import Marks, sweep
from objstore.sync.protocol import End, Frame, Move, Outcome, Push
from objstore.sync.refspec import head_of
from objstore.sync.standing import brings_back
from objstore.sync.wire import Frames, MessageReader
from refs.edits import ABSENT, Note, RefEdit
from refs.name import check_name

MOVED = "moved"
ELSEWHERE = "moved meanwhile"
NOT_FORWARD = "not a step forward"
REWOUND = "rewound"
FORBIDDEN = "forbidden"
NO_BASE = "unknown base"
LEFT = "left as it was"  # beside one that could not be moved


class Receiving:
    """One push into a repository. For one thread."""

    def __init__(
        self, repo: Repository, access: Access, check_path: CheckPath, limits: Limits, why: str = "push"
    ) -> None:
        self._repo = repo
        self._access = access
        self._check = CommitCheck(repo.hasher, check_path)
        self._limits = limits
        self._why = why

    def receive(self, push: Push, reader: MessageReader) -> tuple[Outcome, ...]:
        """Take what comes for a push and make its moves, all or none; what became of each. CorruptObject, TooMuch."""
        self._check_names(push.moves)
        results = [self._before(move) for move in push.moves]
        heads = Heads(self._repo, self._access)
        if any(results) or not all(heads.reach(base) for base in push.bases):
            self._drain(reader)
            return self._told(push.moves, results if any(results) else [NO_BASE] * len(push.moves))
        sweep(self._repo)
        marks = Marks(self._repo, self._access.scope, push.push_id)
        bases = (base.oid for base in push.bases)
        arrival = Arrival(self._repo, bases, marks, self._limits, self._check, guarded=True)
        self._take_all(reader, arrival)
        arrival.check_segment()
        results = [self._after(move, arrival) for move in push.moves]
        if any(results):
            return self._told(push.moves, results)
        return self._make(push.moves, arrival)

    def _check_names(self, moves: Sequence[Move]) -> None:
        names = [move.name for move in moves]
        if len(set(names)) < len(names):
            raise CorruptObject(None, "a push that moves a ref twice")
        for name in names:
            try:
                check_name(name)
            except InvalidRefName as error:
                raise CorruptObject(None, f"a push of a ref {error}") from None
            if name.partition("/")[0] not in NAMESPACES or "/" not in name:
                raise CorruptObject(None, f"a push of a ref {name!r} of no known kind")

    def _before(self, move: Move) -> str:
        """Why a move cannot be made, judged before anything came; "" if it may be."""
        return self._forbidden(move) or ("" if head_of(self._repo.storage.refs, move.name) == move.old else ELSEWHERE)

    def _forbidden(self, move: Move) -> str:
        """FORBIDDEN, which goes into the log; "" if the right is there."""
        verb = _verb(move)
        if self._access.can_move(move.name, verb):
            return ""
        self._access.denied(move.name, verb)
        return FORBIDDEN

    def _after(self, move: Move, arrival: Arrival) -> str:
        """Why a move cannot be made, judged by what came; "" if it may be. CorruptObject: it is not what was named."""
        if forbidden := self._forbidden(move):  # taken away while the objects came
            return forbidden
        if move.new is None:
            return ""
        commit = arrival.commit_behind(move.new, is_tag=move.name.startswith("tags/"))
        if move.old is None or move.force or move.old == move.new:
            return ""
        if move.name.startswith("tags/"):
            return NOT_FORWARD
        try:
            old = peel(self._repo, move.old)
            place = self._repo.commit(old).place
            if ancestor_at(commit, place, arrival.commit) != old:
                return NOT_FORWARD
        except (MissingObject, ValueError):
            return NOT_FORWARD
        return REWOUND if brings_back(self._repo, move.name, old, commit, arrival.commit) else ""

    def _take_all(self, reader: MessageReader, arrival: Arrival) -> None:
        frames = Frames(self._repo.hasher)
        while not isinstance(message := reader.next(), End):
            if not isinstance(message, Frame):
                raise CorruptObject(None, f"a push with a {type(message).__name__} in it")
            for obj in frames.open(message):
                arrival.take(obj)
        frames.check_end(message)

    def _make(self, moves: Sequence[Move], arrival: Arrival) -> tuple[Outcome, ...]:
        repo = self._repo
        edits = [_edit(move, arrival, single=len(moves) == 1) for move in moves]
        note = Note(repo.author, self._why, repo.now())
        try:
            arrival.finish([move.new for move in moves if move.new is not None], edits, note)
        except RefConflict as conflict:
            return self._told(moves, [ELSEWHERE if move.name == conflict.name else "" for move in moves])
        return tuple(Outcome(move.name, MOVED, move.new) for move in moves)

    def _told(self, moves: Sequence[Move], results: Sequence[str]) -> tuple[Outcome, ...]:
        """The outcomes where not all could be moved, so that none was."""
        refs = self._repo.storage.refs
        return tuple(
            Outcome(move.name, result or LEFT, head_of(refs, move.name) if self._access.can_read(move.name) else None)
            for move, result in zip(moves, results, strict=True)
        )

    def _drain(self, reader: MessageReader) -> None:
        """Read to the end of a push that is refused: who sends does not listen before."""
        while not isinstance(reader.next(), End):
            if reader.bytes > self._limits.payload:
                raise TooMuch


def _verb(move: Move) -> Verb:
    if move.new is None:
        return "delete"
    if move.old is None:
        return "create"
    return "force" if move.force else "append"


def _edit(move: Move, arrival: Arrival, single: bool) -> RefEdit:
    expected = ABSENT if move.old is None else move.old
    # One commit on is a step: appends that are pushed one by one make one entry of the log.
    step = single and move.new is not None and move.old is not None and not move.name.startswith("tags/")
    step = step and arrival.commit(Oid(move.new or b"")).parents[:1] == (move.old,)
    return RefEdit(move.name, move.new, expected, step=step)
