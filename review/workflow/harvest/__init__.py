"""Harvests: what is new at each source since the last whole window, with nothing lost.

Raw answers, records and the place to go on from are kept page by page, so that a run that dies is
taken up by the next one after its last whole page.
"""

from review.workflow.harvest.enrichment import Enriched as Enriched
from review.workflow.harvest.enrichment import enrich as enrich
from review.workflow.harvest.locking import Busy as Busy
from review.workflow.harvest.locking import running as running
from review.workflow.harvest.models import Control as Control
from review.workflow.harvest.models import Outcome as Outcome
from review.workflow.harvest.models import Run as Run
from review.workflow.harvest.models import Step as Step
from review.workflow.harvest.models import exit_status as exit_status
from review.workflow.harvest.runs import harvest as harvest
from review.workflow.harvest.status import Disagreement as Disagreement
from review.workflow.harvest.status import disagreements as disagreements
from review.workflow.harvest.status import open_windows as open_windows
from review.workflow.harvest.status import overview as overview
