"""Checks of what `hall check` and `hall config apply` do not let pass in silence: calibrations that cannot be, or hardly.

The engine itself does not ask them: a hall that was in force before they were written stays in force, and its log
replays as it was.
"""

from __future__ import annotations

from collections.abc import Iterator

from config.calibration.judge import mirrored, verdict
from config.camera_checks import cause_finding, has_sound_map, sound_camera
from config.checks import HALL_FILE, Plan
from config.hall import Camera
from config.problems import Finding

Judged = list[tuple[int, Camera]]


def true_calibrations(plan: Plan) -> Iterator[Finding]:
    """Each camera's numbers: the likely cause of what cannot be, or what is doubtful about the floor it answers for."""
    for index, camera in _with_map(plan):
        if any(finding.loc[2:3] != ("floor_m",) for finding in sound_camera(plan, index, camera)):
            continue  # told already, with its cause
        if (found := verdict(camera, plan.size_m)).causes:
            for cause in found.causes:
                yield cause_finding(("cameras", index), cause, cause.severity)
        elif not plan.is_faulty("cameras", index, "floor_m"):
            for cause in found.consequences:
                yield cause_finding(("cameras", index), cause, cause.severity)


def same_orientation(plan: Plan) -> Iterator[Finding]:
    """From above, a floor is never seen mirrored. If all cameras say so it is the plan; if one does, it is that one."""
    judged = [(index, camera) for index, camera in _with_map(plan) if not _explained(plan, camera)]
    turned = [(index, camera) for index, camera in judged if verdict(camera, plan.size_m).view.mirrored]
    if not turned:
        return
    expected = "a floor as it is seen from above: clockwise in the image is clockwise on the plan, y down in both"
    if len(turned) == len(judged) and len(judged) > 1:
        got = f"a mirrored one of all {len(turned)} cameras"
        hint = mirrored(verdict(turned[0][1], plan.size_m).view)
        yield Finding(HALL_FILE, ("cameras",), expected, got, hint, "warning")
        return
    for index, camera in turned:
        got, alone = f"a mirrored one of {camera.id}", len(judged) == 1
        if not alone:
            others = ", ".join(camera.id for pair in judged if pair not in turned for camera in pair[1:])
            got += f", not of {others}: one of them must be wrong"
        hint = mirrored(verdict(camera, plan.size_m).view)
        yield Finding(HALL_FILE, ("cameras", index), expected, got, hint, "warning" if alone else "error")


def _explained(plan: Plan, camera: Camera) -> bool:
    """Whether its orientation is part of something that is told already: exchanged axes mirror."""
    found = verdict(camera, plan.size_m)
    return any(cause.turns for cause in found.causes)


def _with_map(plan: Plan) -> Judged:
    return [(index, camera) for index, camera in plan.cameras if has_sound_map(plan, index, camera)]
