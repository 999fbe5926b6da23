"""After which answer a form was finished or reopened, so that their order needs no clock."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Adds the column; it stays empty in rows of older versions, which go by their moments."""
    op.add_column("forms", sa.Column("after_answer", sa.Integer(), nullable=True))


def downgrade() -> None:
    """Takes the column away."""
    op.drop_column("forms", "after_answer")
