"""The reviewers of a report, in tables of their own in place of lists inside a text."""

from collections.abc import Callable

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None

CHUNK = 500
MOVED = (("order_rows", "assigned", "assignments"), ("standings", "voters", "voters"))
"""Table and column of the names as '|ada||ben|', and the table they move to."""


def upgrade() -> None:
    """Makes both tables, moves every name into them and takes the columns away."""
    for table, column, new_table in MOVED:
        op.create_table(
            new_table,
            sa.Column("stage", sa.String(length=60), nullable=False),
            sa.Column("record", sa.Integer(), autoincrement=False, nullable=False),
            sa.Column("reviewer", sa.String(length=100), nullable=False),
            sa.ForeignKeyConstraint(
                ["record"], ["records.id"], name=op.f(f"fk_{new_table}_record")
            ),
            sa.PrimaryKeyConstraint("stage", "record", "reviewer", name=op.f(f"pk_{new_table}")),
        )
        _move_names(table, column, new_table)
        op.drop_column(table, column)


def _move_names(table: str, column: str, new_table: str) -> None:
    conn = op.get_bind()
    source = sa.table(table, sa.column("stage"), sa.column("record"), sa.column(column))
    target = _describe(new_table)
    names = source.c[column]
    rows = [
        {"stage": stage, "record": record, "reviewer": name}
        for stage, record, text in conn.execute(
            sa.select(source.c.stage, source.c.record, names).where(names != "")
        )
        for name in dict.fromkeys(text.strip("|").split("||"))
    ]
    for start in range(0, len(rows), CHUNK):
        conn.execute(sa.insert(target), rows[start : start + CHUNK])


def _describe(name: str) -> sa.TableClause:
    return sa.table(name, sa.column("stage"), sa.column("record"), sa.column("reviewer"))


def downgrade() -> None:
    """Writes the names back as texts, and takes the tables away."""
    columns: dict[str, Callable[[], sa.Column[str]]] = {
        "assigned": lambda: sa.Column("assigned", sa.Text(), nullable=True),
        "voters": lambda: sa.Column("voters", sa.Text(), server_default="", nullable=False),
    }
    conn = op.get_bind()
    for table, column, new_table in MOVED:
        op.add_column(table, columns[column]())
        rows = _describe(new_table)
        names: dict[tuple[str, int], list[str]] = {}
        for stage, record, reviewer in conn.execute(sa.select(rows).order_by(rows.c.reviewer)):
            names.setdefault((stage, record), []).append(reviewer)
        target = sa.table(table, sa.column("stage"), sa.column("record"), sa.column(column))
        for (stage, record), people in names.items():
            conn.execute(
                sa.update(target)
                .where(target.c.stage == stage, target.c.record == record)
                .values({column: "".join(f"|{name}|" for name in people)})
            )
        op.drop_table(new_table)
