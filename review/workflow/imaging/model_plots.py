"""The figures of a subgroup run: forest plots and calibration plots, as SVG, PNG and PDF."""

from review.figures import convert, model_figures
from review.figures.model_figures import CalibrationPoint, ForestRow
from review.imaging.subgroups import GroupFigures, SubgroupReport
from review.workflow.imaging.outcome import make_slug

MOST_CURVES = 4
"""Curves of one calibration plot."""


def draw_subgroup_figures(report: SubgroupReport) -> dict[str, bytes]:
    """File name to content: for each model a forest plot, and its calibration by attribute."""
    files: dict[str, bytes] = {}
    for overall in report.overall:
        model = overall.model
        groups = [group for group in report.groups if group.model == model]
        rows = _list_rows(overall, groups)
        slug = make_slug(model)
        forest = model_figures.draw_forest(rows, title=f"{model}: AUC by group")
        files |= _render(f"subgroups-forest-{slug}", forest)
        for attribute in dict.fromkeys(group.attribute for group in groups) or ("all",):
            members = [group for group in groups if group.attribute == attribute]
            curves = [
                (_name_group(group), _list_points(group))
                for group in (overall, *members)
                if group.calibration is not None
            ][:MOST_CURVES]
            if curves:
                by = "" if attribute == "all" else f" by {attribute}"
                plot = model_figures.draw_calibration(curves, title=f"{model}: calibration{by}")
                files |= _render(f"subgroups-calibration-{slug}-{make_slug(attribute)}", plot)
    return files


def _list_rows(overall: GroupFigures, groups: list[GroupFigures]) -> list[ForestRow]:
    rows = [_build_row("All images", overall)]
    attribute = None
    for group in groups:
        if group.attribute != attribute:
            attribute = group.attribute
            rows.append(ForestRow(label=attribute.capitalize(), images=0, heading=True))
        rows.append(_build_row(group.value, group))
    return rows


def _build_row(label: str, group: GroupFigures) -> ForestRow:
    if group.auc is None:
        return ForestRow(label=label, images=group.images, note="too few images")
    return ForestRow(
        label=label,
        images=group.images,
        value=group.auc.value,
        low=group.auc.low,
        high=group.auc.high,
    )


def _list_points(group: GroupFigures) -> list[CalibrationPoint]:
    if group.calibration is None:
        return []
    return [
        CalibrationPoint(
            part.mean_score, part.observed.value, part.observed.low, part.observed.high
        )
        for part in group.calibration.bins
        if part.observed.value is not None
        and part.observed.low is not None
        and part.observed.high is not None
    ]


def _name_group(group: GroupFigures) -> str:
    return "All images" if group.attribute == "all" else f"{group.attribute}: {group.value}"


def _render(stem: str, svg: str) -> dict[str, bytes]:
    return {
        f"{stem}.svg": svg.encode(),
        f"{stem}.png": convert.render_png(svg),
        f"{stem}.pdf": convert.render_pdf(svg),
    }
