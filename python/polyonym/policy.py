"""The rules by which identifiers become people, as data."""

from __future__ import annotations

import json
import os
from typing import Any, Dict, Mapping, Union

from . import _core
from .errors import InvalidArgument


class Policy:
    """A policy: what docs/driver.md calls its JSON, checked. Equal policies are equal, however they were written.

    >>> policy = Policy({"namespaces": [{"name": "crm", "priority": 1, "limits": [{"max": 1}]}, {"name": "phone"}]})
    >>> [ns["name"] for ns in policy.to_dict()["namespaces"]]
    ['crm', 'phone']
    >>> Policy({"namespaces": [{"name": "c r m"}]})
    Traceback (most recent call last):
    polyonym.errors.InvalidArgument: ...
    """

    __slots__ = ("_json",)

    _json: str

    def __init__(self, policy: PolicyLike) -> None:
        """`policy`: a dict, JSON text, a path of a JSON file, or a policy. Raises InvalidArgument, naming the field."""
        if isinstance(policy, Policy):
            text = policy._json
        elif isinstance(policy, Mapping):
            text = json.dumps(policy)
        elif isinstance(policy, os.PathLike):
            with open(policy, encoding="utf-8") as file:
                text = file.read()
        elif isinstance(policy, str):
            text = policy
        else:
            raise InvalidArgument("policy: must be a Policy, a dict, JSON text or a path")
        self._json = _core.normalised_policy(text)

    @classmethod
    def preset(cls, *names: str) -> Policy:
        """A ready policy for these channels together; presets() lists them.

        >>> Policy.preset("wechat", "store").to_dict()["name"]
        'wechat+store'
        """
        return cls(_core.preset_policy(list(names)))

    def to_dict(self) -> Dict[str, Any]:
        """As a dict, to be changed and made a policy again."""
        result: Dict[str, Any] = json.loads(self._json)
        return result

    def to_json(self, *, indent: int | None = None) -> str:
        """As JSON: on one line, or by `indent`."""
        return self._json if indent is None else json.dumps(self.to_dict(), indent=indent, ensure_ascii=False)

    def with_definitions(self, **definitions: Any) -> Policy:
        """The same rules with other definitions: ``traits=[…]``, ``tags=[…]``, ``segments=[…]``; the others stay.

        >>> policy = Policy({"namespaces": [{"name": "crm"}]})
        >>> loyal = {"name": "loyal", "expression": "count(order) >= 3"}
        >>> policy.with_definitions(segments=[loyal]).to_dict()["definitions"]["segments"][0]["name"]
        'loyal'
        """
        changed = self.to_dict()
        changed["definitions"] = {**changed.get("definitions", {}), **definitions}
        return Policy(changed)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Policy) and self._json == other._json

    def __hash__(self) -> int:
        return hash(self._json)

    def __repr__(self) -> str:
        namespaces = [ns["name"] for ns in self.to_dict().get("namespaces", [])]
        return f"Policy({', '.join(namespaces)})"


PolicyLike = Union[Policy, Mapping[str, Any], str, "os.PathLike[str]"]


def presets() -> Dict[str, str]:
    """Names of the ready policies, each with a line about it.

    >>> "wechat" in presets()
    True
    """
    return dict(_core.presets())
