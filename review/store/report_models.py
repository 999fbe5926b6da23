"""The models that a report describes. Rows are appended; the newest row of a model counts."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, insert, select

from review.store.tables.appraisal import report_models
from review.store.timestamps import format_timestamp


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelDetails:
    """What is entered about a model."""

    name: str
    kind: str | None = None
    """Its architecture or method, for example DenseNet-121 or radiomics with LASSO."""
    task: str | None = None
    """What it predicts: task and outcome."""
    data_sets: str | None = None
    validation: str | None = None
    """internal, external, both or none; None: unknown."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportModel:
    """One model of a report."""

    id: int
    record: int
    """The record it was entered for."""
    details: ModelDetails
    main: bool = False
    takes_over: bool = False
    """Whether its forms are those that were filled in before the report had any model."""
    removed: bool = False

    @property
    def name(self) -> str:
        """Its name."""
        return self.details.name


def add_model_row(
    conn: Connection, model: ReportModel, who: str, at: datetime, *, is_new: bool = False
) -> int:
    """Adds a model, or how it is from now on; gives the model's number.

    Args:
        is_new: a model that is not in the store yet; its id is ignored.
    """
    row = {
        "at": format_timestamp(at),
        "who": who,
        "record": model.record,
        "model": None if is_new else model.id,
        "state": "removed" if model.removed else "present",
        "name": model.details.name,
        "kind": model.details.kind,
        "task": model.details.task,
        "data_sets": model.details.data_sets,
        "validation": model.details.validation,
        "main": int(model.main),
        "takes_over": int(model.takes_over),
    }
    number = int(conn.execute(insert(report_models), row).inserted_primary_key[0])  # type: ignore[index]
    return number if is_new else model.id


def list_models(
    conn: Connection, records: Iterable[int] | None = None, *, until: datetime | None = None
) -> list[ReportModel]:
    """Models in the order they were added, removed ones too; as of a point in time if given."""
    query = select(report_models).order_by(report_models.c.id)
    if until is not None:
        query = query.where(report_models.c.at <= format_timestamp(until))
    numbers = None if records is None else set(records)
    newest: dict[int, ReportModel] = {}
    for row in conn.execute(query):
        model_id = row.id if row.model is None else row.model
        newest[model_id] = ReportModel(
            id=model_id,
            record=row.record,
            details=ModelDetails(
                name=row.name,
                kind=row.kind,
                task=row.task,
                data_sets=row.data_sets,
                validation=row.validation,
            ),
            main=bool(row.main),
            takes_over=bool(row.takes_over),
            removed=row.state == "removed",
        )
    return [
        newest[model_id]
        for model_id in sorted(newest)
        if numbers is None or newest[model_id].record in numbers
    ]
