"""Assumption sets and scenarios by name."""

from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from sqlalchemy import select
from sqlalchemy.orm import Session

from db.models.scenarios import AssumptionSetRow, ScenarioRow
from engine.errors import ReferenceDataError

M = TypeVar("M", AssumptionSetRow, ScenarioRow)


@dataclass(frozen=True, slots=True, kw_only=True)
class NamedContent:
    """A named document: what it is for, and its content as JSON values."""

    name: str
    description: str
    content: dict[str, Any]


class NamedContentRepository(Generic[M]):
    """Documents of one table in one session."""

    def __init__(self, session: Session, model: type[M], noun: str) -> None:
        self._session = session
        self._model: type[M] = model
        self._noun = noun

    def save(self, document: NamedContent) -> None:
        """Store a document in place of the one of the same name."""
        row = self._row(document.name)
        if row is None:
            row = self._model(name=document.name)
            self._session.add(row)
        row.description = document.description
        row.content = document.content
        self._session.flush()

    def find(self, name: str) -> NamedContent | None:
        """The document of a name, or None."""
        row = self._row(name)
        return None if row is None else _document(row)

    def load(self, name: str) -> NamedContent:
        """The document of a name; ReferenceDataError CLO-3017 where there is none, naming what there is."""
        found = self.find(name)
        if found is None:
            known = ", ".join(item.name for item in self.documents()) or "none yet"
            raise ReferenceDataError("CLO-3017", f"There is no {self._noun} {name}", remedy=f"Stored: {known}.")
        return found

    def documents(self) -> tuple[NamedContent, ...]:
        """All documents in the order of their names."""
        rows = self._session.scalars(select(self._model).order_by(self._model.name)).all()
        return tuple(map(_document, rows))

    def remove(self, name: str) -> bool:
        """Delete a document; False where there was none."""
        row = self._row(name)
        if row is None:
            return False
        self._session.delete(row)
        self._session.flush()
        return True

    def _row(self, name: str) -> M | None:
        return self._session.get(self._model, name)


def _document(row: AssumptionSetRow | ScenarioRow) -> NamedContent:
    return NamedContent(name=row.name, description=row.description, content=row.content)
