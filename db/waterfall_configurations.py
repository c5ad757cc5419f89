"""Stored waterfalls: versions of a deal's program, edited as text; every edit is a new version."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Any

from sqlalchemy import delete, func, select
from sqlalchemy.orm import Session

from db.identifiers import deal_key
from db.models.deals import CloDeal
from db.models.waterfalls import MagWaterfallConfig, WaterfallConfiguration
from engine.errors import ReferenceDataError


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredWaterfall:
    """One version of a waterfall: the program's text, the hash of its compiled form, and the seed's fee options.

    options: columns of `waterfall_configurations` beside these, for example senior_mgmt_fee_rate.
    """

    deal_id: str | None
    name: str
    version: int
    effective_date: date
    program: str
    program_hash: str
    options: Mapping[str, Decimal | bool | None] = field(default_factory=dict)


_OPTIONS = tuple(
    column.name
    for column in WaterfallConfiguration.__table__.columns
    if column.name.startswith(("interest_reserve", "senior", "junior", "incentive", "trustee", "admin", "enable"))
)


class WaterfallRepository:
    """Waterfall configurations in one session."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def save(
        self,
        name: str,
        program: str,
        program_hash: str,
        *,
        effective_date: date,
        deal_name: str | None = None,
        options: Mapping[str, Any] | None = None,
    ) -> StoredWaterfall:
        """Store a program as the next version of its name; a text that is the last version's already adds none."""
        deal_id = None if deal_name is None else deal_key(deal_name)
        if deal_name is not None and self._session.get(CloDeal, deal_id) is None:
            self._session.add(CloDeal(deal_id=deal_id, deal_name=deal_name))
            self._session.flush()
        last = self._row(name, deal_id)
        rules = {"text": program, "hash": program_hash}
        if last is not None and last.payment_rules == rules and not options and last.effective_date == effective_date:
            return _waterfall(last)
        row = WaterfallConfiguration(
            deal_id=deal_id,
            config_name=name,
            effective_date=effective_date,
            version=1 if last is None else last.version + 1,
            payment_rules=rules,
            **{key: value for key, value in (options or {}).items() if key in _OPTIONS},
        )
        self._session.add(row)
        self._session.flush()
        self._session.refresh(row)
        return _waterfall(row)

    def load(self, name: str, *, deal_name: str | None = None, version: int | None = None) -> StoredWaterfall:
        """A version of a waterfall, by default the last; ReferenceDataError CLO-3016 where there is none."""
        row = self._row(name, None if deal_name is None else deal_key(deal_name), version)
        if row is None:
            known = ", ".join(sorted({item.name for item in self.waterfalls()})) or "none yet"
            raise ReferenceDataError(
                "CLO-3016", f"There is no stored waterfall {name}", remedy=f"Stored waterfalls: {known}."
            )
        return _waterfall(row)

    def waterfalls(self, deal_name: str | None = None) -> tuple[StoredWaterfall, ...]:
        """All versions of all stored waterfalls, of one deal or of all, newest version first."""
        query = select(WaterfallConfiguration).order_by(
            WaterfallConfiguration.config_name, WaterfallConfiguration.version.desc()
        )
        if deal_name is not None:
            query = query.where(WaterfallConfiguration.deal_id == deal_key(deal_name))
        return tuple(map(_waterfall, self._session.scalars(query)))

    def remove(self, name: str, *, deal_name: str | None = None) -> int:
        """Delete every version of a waterfall; how many there were."""
        deal_id = None if deal_name is None else deal_key(deal_name)
        rows = self._session.scalars(
            delete(WaterfallConfiguration)
            .where(
                WaterfallConfiguration.config_name == name, WaterfallConfiguration.deal_id.is_not_distinct_from(deal_id)
            )
            .returning(WaterfallConfiguration.config_id)
        )
        return len(rows.all())

    def save_mag(self, deal_name: str, mag_version: str, **values: Any) -> int:
        """Store the thresholds and features of a MAG version for a deal, in place of earlier ones; its config_id."""
        deal_id = deal_key(deal_name)
        self._session.execute(
            delete(MagWaterfallConfig).where(
                MagWaterfallConfig.deal_id == deal_id, MagWaterfallConfig.mag_version == mag_version
            )
        )
        row = MagWaterfallConfig(deal_id=deal_id, mag_version=mag_version, **values)
        self._session.add(row)
        self._session.flush()
        return row.config_id

    def mag(self, deal_name: str) -> Mapping[str, Any] | None:
        """The thresholds and features last stored for a deal, by column; None where there are none."""
        row = self._session.scalars(
            select(MagWaterfallConfig)
            .where(MagWaterfallConfig.deal_id == deal_key(deal_name))
            .order_by(MagWaterfallConfig.config_id.desc())
            .limit(1)
        ).first()
        if row is None:
            return None
        return {column.name: getattr(row, column.name) for column in MagWaterfallConfig.__table__.columns}

    def remove_mag(self, deal_name: str) -> int:
        """Delete the thresholds and features of a deal; how many rows there were."""
        rows = self._session.scalars(
            delete(MagWaterfallConfig)
            .where(MagWaterfallConfig.deal_id == deal_key(deal_name))
            .returning(MagWaterfallConfig.config_id)
        )
        return len(rows.all())

    def _row(self, name: str, deal_id: str | None, version: int | None = None) -> WaterfallConfiguration | None:
        query = (
            select(WaterfallConfiguration)
            .where(
                func.upper(WaterfallConfiguration.config_name) == name.upper(),
                WaterfallConfiguration.deal_id.is_not_distinct_from(deal_id),
            )
            .order_by(WaterfallConfiguration.version.desc())
            .limit(1)
        )
        if version is not None:
            query = query.where(WaterfallConfiguration.version == version)
        return self._session.scalars(query).first()


def _waterfall(row: WaterfallConfiguration) -> StoredWaterfall:
    return StoredWaterfall(
        deal_id=row.deal_id,
        name=row.config_name,
        version=row.version,
        effective_date=row.effective_date,
        program=row.payment_rules["text"],
        program_hash=row.payment_rules["hash"],
        options={name: getattr(row, name) for name in _OPTIONS},
    )
