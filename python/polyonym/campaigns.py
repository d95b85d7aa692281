"""Campaigns: who is enrolled, what became of them, whether a message may go out: docs/campaigns.md."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, List, Optional, Sequence, Union

from . import _core
from .progress import ProgressLike, shown
from .results import CampaignReport, CampaignState, ReachAnswer, Refreshed
from .times import from_ms

if TYPE_CHECKING:
    from .questions import Who


class CampaignBoard:
    """What became of everybody in every campaign, as of a state. Kept, it reads only those who changed.
    Thread-safe.

    It keeps the store's files open as long as it lives. ``store.campaigns()`` makes one.
    """

    def __init__(self, asked: CampaignQuestions, board: _core.CampaignBoard) -> None:
        self._asked = asked
        self._board = board

    def report(self, campaign: str, *, confidence: float = 0.95) -> CampaignReport:
        """By variant: how far people went, what it changed, what came back of its cost. `confidence`: of all
        intervals.

        Raises NotFound (no such campaign), InvalidArgument (confidence), OutOfRange (money beyond 64 bits).
        """
        return self._board.report(campaign, confidence=confidence)

    def refresh(self) -> Refreshed:
        """Brings it to the newest state of its store; one of a view stays. It says what a new one would."""
        return self._board.refresh(self._asked._view())

    def states(self) -> List[CampaignState]:
        """The campaigns that are defined, and how many are enrolled in each."""
        return self._board.campaigns()

    @property
    def sequence(self) -> int:
        """Number of the last call that it shows."""
        return self._board.sequence

    @property
    def now(self) -> datetime:
        """As of when it is."""
        return from_ms(self._board.now_ms)

    def __repr__(self) -> str:
        return f"CampaignBoard({', '.join(repr(state.name) for state in self.states())})"


class CampaignQuestions:
    """What a store and a view know of the campaigns that the policy in force defines."""

    def _view(self) -> _core.View:
        raise NotImplementedError

    def campaigns(self, *, progress: ProgressLike = None) -> CampaignBoard:
        """What became of everybody in every campaign. Cost: a pass over everybody, which Ctrl-C ends.

        >>> import polyonym
        >>> policy = {"namespaces": [{"name": "crm"}], "definitions": {"campaigns": [{
        ...     "name": "spring", "audience": "count(order) >= 1", "goal": "order",
        ...     "variants": [{"name": "letter", "weight_millionths": 500_000},
        ...                  {"name": "none", "weight_millionths": 500_000, "is_control": True}]}]}}
        >>> store = polyonym.open(policy=policy)
        >>> facts = {"events": [{"type": "order"}]}
        >>> _ = store.apply([{"source": "shop", "t": 1000, "ids": {"crm": f"C{i}"}, "facts": facts}
        ...                  for i in range(100)])
        >>> board = store.campaigns()
        >>> store.enrol("spring").total
        100
        >>> board.refresh().people
        100
        >>> report = board.report("spring")
        >>> sum(variant.enrolled for variant in report.variants), report.control, report["letter"].converted
        (100, 'none', 0)
        """
        with shown(progress, "people") as callback:
            return CampaignBoard(self, _core.CampaignBoard.build(self._view(), callback))

    def campaign(
        self, name: str, *, confidence: float = 0.95, progress: ProgressLike = None
    ) -> CampaignReport:
        """What one campaign came to: report() of a new board. Of several, or again: campaigns()."""
        return self.campaigns(progress=progress).report(name, confidence=confidence)

    def reach(
        self,
        who: Who,
        *,
        campaign: str = "",
        channels: Union[str, Sequence[str]] = (),
        labels: Union[str, Sequence[str]] = (),
        profiled: bool = False,
        urgent: bool = False,
    ) -> ReachAnswer:
        """Whether a message may go out to a person now, by which channel, and what holds it back. It is true
        where a channel is open.

        channels: empty: all that are defined. labels: that the message carries beside its campaign's.
        profiled: a segment chose the person. urgent: neither caps nor quiet hours hold it back. Raises
        NotFound, InvalidArgument (a channel that is not defined).

        >>> import polyonym
        >>> reach = {"channels": [{"name": "sms", "namespaces": ["phone"], "purpose": "ads"}]}
        >>> store = polyonym.open(policy={"namespaces": [{"name": "phone"}],
        ...                               "definitions": {"purposes": [{"name": "ads"}], "reach": reach}})
        >>> _ = store.apply([{"source": "shop", "t": 0, "ids": {"phone": "1"}}])
        >>> answer = store.reach("phone:1")
        >>> bool(answer), answer["sms"].holds[0].kind
        (False, 'consent_missing')
        """
        view = self._view()
        return _core.reach(
            view,
            view.find(who),
            campaign=campaign,
            channels=[channels] if isinstance(channels, str) else list(channels),
            labels=[labels] if isinstance(labels, str) else list(labels),
            profiled=profiled,
            urgent=urgent,
        )
