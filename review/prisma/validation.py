"""Checks that the boxes of a flow add up, and names the records responsible if not."""

from collections import Counter
from collections.abc import Iterable, Sequence

from review.errors import FlowError
from review.prisma.models import (
    MAX_LISTED_IDS,
    BoxLine,
    BoxMismatch,
    CombinedBox,
    Flow,
    FlowBox,
    Stream,
    get_total,
)

BoxOrLines = FlowBox | tuple[BoxLine, ...]


def find_mismatches(flow: Flow) -> list[BoxMismatch]:
    """Sums that do not hold; empty if all boxes add up. Sums over unpublished boxes are checked
    against their combined total if there is one, and skipped otherwise."""
    sums: list[tuple[str, list[BoxOrLines], list[BoxOrLines]]] = []
    for prefix, stream in (("", flow.main), ("other methods: ", flow.other)):
        if stream is not None:
            sums += [
                (prefix + label, left_parts, right_parts)
                for label, left_parts, right_parts in _list_stream_sums(stream)
            ]
    eligible: list[BoxOrLines] = [flow.main.eligible]
    if flow.other:
        eligible.append(flow.other.eligible)
    sums.append(
        (
            "eligible = awaiting appraisal + excluded at the quality gate + included",
            eligible,
            [flow.waiting_quality, flow.excluded_quality, flow.new_reports],
        )
    )
    mismatches = [mismatch for sum_check in sums if (mismatch := _compare_sides(*sum_check))]
    mismatches += [
        mismatch
        for combined_box in flow.joints
        if (mismatch := _check_combined_box(flow, combined_box))
    ]
    for noun in ("studies", "reports"):
        previous = getattr(flow, f"previous_{noun}")
        parts = [previous.n if previous else 0, getattr(flow, f"new_{noun}").n]
        parts.append(-(getattr(flow, f"dropped_{noun}").n or 0))
        stated_total = getattr(flow, f"total_{noun}").n
        if None not in parts and stated_total is not None and sum(parts) != stated_total:
            mismatches.append(
                BoxMismatch(f"total {noun}", f"{sum(parts)} calculated, {stated_total} stated")
            )
    studies, reports = flow.new_studies.n, flow.new_reports.n
    if studies is not None and reports is not None and studies > reports:
        mismatches.append(BoxMismatch("included", f"{studies} studies in only {reports} reports"))
    return mismatches


def _list_stream_sums(stream: Stream) -> list[tuple[str, list[BoxOrLines], list[BoxOrLines]]]:
    removed: list[BoxOrLines] = [
        stream.duplicates_tool,
        stream.duplicates_hand,
        stream.automation,
        stream.removed_other,
    ]
    return [
        (
            "identified + carried over = removed before screening + awaiting + screened",
            [stream.identified, stream.carried],
            [*removed, stream.waiting_screening, stream.screened],
        ),
        (
            "screened = excluded + sought",
            [stream.screened],
            [stream.excluded_screening, stream.sought],
        ),
        (
            "sought = not retrieved + awaiting + assessed",
            [stream.sought],
            [stream.not_retrieved, stream.waiting_eligibility, stream.assessed],
        ),
        (
            "assessed = excluded by reason + eligible",
            [stream.assessed],
            [stream.excluded_eligibility, stream.eligible],
        ),
    ]


def _compare_sides(
    label: str, left_parts: Sequence[BoxOrLines], right_parts: Sequence[BoxOrLines]
) -> BoxMismatch | None:
    left_numbers, right_numbers = (
        [get_total(part) for part in left_parts],
        [get_total(part) for part in right_parts],
    )
    if None in left_numbers or None in right_numbers:
        return None
    left_sum, right_sum = sum(n or 0 for n in left_numbers), sum(n or 0 for n in right_numbers)
    left_ids, right_ids = _collect_ids(left_parts), _collect_ids(right_parts)
    if left_ids is None or right_ids is None:
        return None if left_sum == right_sum else BoxMismatch(label, f"{left_sum} vs {right_sum}")
    # Entries become reports at the first sum, where only the numbers must match, not the ids.
    must_match_ids = not label.endswith("+ awaiting + screened")
    repeated_ids = sorted(name for name, n in Counter(right_ids).items() if n > 1)
    unmatched_ids = (
        sorted(set(left_ids) ^ set(right_ids)) if must_match_ids or left_sum != right_sum else []
    )
    if left_sum == right_sum and not repeated_ids and not (must_match_ids and unmatched_ids):
        return None
    return BoxMismatch(
        label,
        f"{left_sum} vs {right_sum}",
        tuple(dict.fromkeys([*unmatched_ids, *repeated_ids])),
    )


def _collect_ids(parts: Sequence[BoxOrLines]) -> list[str] | None:
    ids: list[str] = []
    for part in parts:
        for line in (part,) if isinstance(part, FlowBox) else part:
            if line.ids is None:
                return None if line.n else ids
            ids += line.ids
    return ids


def _check_combined_box(flow: Flow, combined_box: CombinedBox) -> BoxMismatch | None:
    """Check a combined total: what enters minus what leaves, according to the published boxes."""
    main = flow.main
    is_screening = "duplicates_tool" in combined_box.boxes
    entering = get_total(main.identified) if is_screening else main.sought.n
    leaving_boxes = (
        [main.sought, main.waiting_screening]
        if is_screening
        else [
            flow.new_reports,
            main.waiting_eligibility,
            flow.waiting_quality,
        ]
    )
    numbers = [box.n for box in leaving_boxes]
    if entering is None or None in numbers or flow.other or main.carried.n:
        return None
    remainder = entering - sum(n or 0 for n in numbers)
    return (
        None
        if remainder == combined_box.n
        else BoxMismatch(combined_box.text, f"{remainder} calculated, {combined_box.n} stated")
    )


def validate(flow: Flow) -> Flow:
    """Return the flow if its boxes add up.

    Raises:
        FlowError: they do not; names the boxes and the records responsible.
    """
    mismatches = find_mismatches(flow)
    if mismatches:
        lines = [
            f"{mismatch.label}: {mismatch.message}"
            + (f" ({format_ids(mismatch.ids)})" if mismatch.ids else "")
            for mismatch in mismatches
        ]
        raise FlowError(
            "The boxes of the PRISMA flow diagram do not add up. " + "; ".join(lines) + "."
        )
    return flow


def format_ids(ids: Iterable[str]) -> str:
    unique_ids = list(dict.fromkeys(ids))
    extra_count = len(unique_ids) - MAX_LISTED_IDS
    return ", ".join(unique_ids[:MAX_LISTED_IDS]) + (
        f" and {extra_count} more" if extra_count > 0 else ""
    )
