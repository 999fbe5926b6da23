"""Harvests: what is new at each source since the last complete search.

Raw answers, records and the place to go on from are kept page by page, so that a run that dies is
taken up by the next one after its last whole page.
"""

from review.workflow.harvest.enrichment import EnrichmentResult as EnrichmentResult
from review.workflow.harvest.enrichment import enrich_records as enrich_records
from review.workflow.harvest.locking import HarvestInProgress as HarvestInProgress
from review.workflow.harvest.locking import describe_running_harvest as describe_running_harvest
from review.workflow.harvest.models import HarvestControl as HarvestControl
from review.workflow.harvest.models import HarvestProgress as HarvestProgress
from review.workflow.harvest.models import HarvestRun as HarvestRun
from review.workflow.harvest.models import WindowOutcome as WindowOutcome
from review.workflow.harvest.models import get_exit_status as get_exit_status
from review.workflow.harvest.runs import run_harvest as run_harvest
from review.workflow.harvest.status import QueryDisagreement as QueryDisagreement
from review.workflow.harvest.status import list_disagreements as list_disagreements
from review.workflow.harvest.status import list_harvests as list_harvests
from review.workflow.harvest.status import list_open_windows as list_open_windows
