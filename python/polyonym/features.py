"""Everybody in columns: as tables, and as a matrix of numbers for models that learn from them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, List, Optional, Sequence

from . import _core
from .progress import ProgressLike, shown
from .tables import Tables
from .times import Time, optional_ms

if TYPE_CHECKING:
    import numpy
    import pandas


@dataclass(frozen=True, eq=False)
class Features:
    """Who, what, and the numbers: ``matrix[i, j]`` is what column ``names[j]`` says of ``profile_ids[i]``."""

    #: People, in the order of the state.
    profile_ids: List[str]
    #: Of the columns; no two are alike but where a category is called ``(other)``.
    names: List[str]
    #: float64, people by columns, C-contiguous (a person's numbers lie together). It is the engine's own
    #: memory, nobody else's: change it as you like.
    matrix: numpy.ndarray[Any, Any]

    def to_pandas(self) -> pandas.DataFrame:
        """As a pandas.DataFrame by profile id, without a copy of the numbers. Needs pandas."""
        import pandas

        return pandas.DataFrame(self.matrix, index=self.profile_ids, columns=self.names)

    def __len__(self) -> int:
        return len(self.profile_ids)

    def __bool__(self) -> bool:
        return True

    def __repr__(self) -> str:
        return f"Features(people={len(self.profile_ids):,}, columns={len(self.names):,})"


class ColumnQuestions:
    """Everybody in columns: what a View, a Store and a Moment have in common."""

    def _people(self) -> Any:
        """A view or a moment of _core."""
        raise NotImplementedError

    @property
    def tables(self) -> Tables:
        """Everybody as columns: ``store.tables.profiles().to_pandas()``."""
        return Tables(self._people)

    def features(
        self,
        *,
        traits: Optional[Sequence[str]] = None,
        tags: Optional[Sequence[str]] = None,
        segments: Optional[Sequence[str]] = None,
        scores: bool = True,
        max_categories: int = 20,
        max_tags: int = 100,
        now: Optional[Time] = None,
        progress: ProgressLike = None,
    ) -> Features:
        """Everybody as a matrix of numbers, for models that learn from them. Needs ``polyonym[numpy]``.

        Columns, in this order:

        - of numbers, whole numbers, flags (0 or 1), times (milliseconds since 1970) and days (days since
          1970): ``trait:age``; NaN: none
        - of segments: ``segment:loyal``, 1 of members, else 0
        - of purchase scores: ``score:shop.total_minor`` and so on, as tables.scores() has them; NaN: none
        - of texts and lists: ``trait:city=Suzhou``, 1 of who has the value, else 0: the `max_categories` that
          most people have, by value, and ``trait:city=(other)`` where there are more
        - of money: ``trait:spent[CNY]`` for each currency, in minor units; NaN: none
        - of tags: ``tag:coffee``, the score, 0 of who has not the tag: the `max_tags` that most people have,
          by name
        - of channel scores: ``score:channels[app]``, the share of the channel, 0 of who is never there

        Within each of them in the order of the names given, else of the policy: the same people and policy
        give the same columns.

        traits, tags, segments: these alone; tags that are named have their columns whether anybody has them
        or not. DEFAULT: all but the traits and tags that the policy labels ``sensitive``; those labelled
        ``personal`` are there. Segments and scores have no label: they may be made of what is sensitive.
        scores: with those of purchases and channels.
        now: as of when. DEFAULT: the state's own time.

        Raises InvalidArgument (a trait or segment that is not defined), ImportError. Cost: a pass over
        everybody, and 8 bytes a number twice.

        >>> import polyonym
        >>> store = polyonym.open(policy={"namespaces": [{"name": "crm"}], "definitions": {
        ...     "traits": [{"name": "age", "type": "VALUE_TYPE_NUMBER"}, {"name": "city"}]}})
        >>> _ = store.apply([
        ...     {"source": "shop", "t": 0, "ids": {"crm": "C1"}, "facts": {"traits": [
        ...         {"name": "age", "value": {"number": 30}},
        ...         {"name": "city", "value": {"text": "Suzhou"}}]}},
        ...     {"source": "shop", "t": 0, "ids": {"crm": "C2"}, "facts": {"traits": [
        ...         {"name": "city", "value": {"text": "Wuxi"}}]}}])
        >>> features = store.features()
        >>> features.names
        ['trait:age', 'trait:city=Suzhou', 'trait:city=Wuxi']
        >>> features.matrix.tolist()
        [[30.0, 1.0, 0.0], [nan, 0.0, 1.0]]
        """
        try:
            import numpy  # noqa: F401
        except ImportError:
            raise ImportError("features() needs numpy: pip install 'polyonym[numpy]'") from None
        with shown(progress, "people") as callback:
            profile_ids, names, matrix = _core.features(
                self._people(),
                traits=None if traits is None else list(traits),
                tags=None if tags is None else list(tags),
                segments=None if segments is None else list(segments),
                scores=scores,
                max_categories=max_categories,
                max_tags=max_tags,
                now_ms=optional_ms(now, "now"),
                progress=callback,
            )
        return Features(profile_ids, names, matrix)
