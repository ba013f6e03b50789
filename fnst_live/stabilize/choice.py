"""Which stabilizer a setting means, on which device."""

from __future__ import annotations

from fnst_live.stabilize.stabilizer import FlowStabilizer, NoStabilizer, Stabilizer


def make_stabilizer(stability: float, *, exact: bool = True, torch_device: str | None = None) -> Stabilizer:
    """For the setting 0..1; on a torch device, where there is one and it works: it is always exact there."""
    if stability == 0:
        return NoStabilizer()
    if torch_device is None:
        return FlowStabilizer(stability, exact=exact)
    from fnst_live.stabilize.device_stabilizer import GuardedStabilizer

    return GuardedStabilizer(stability, torch_device, exact=exact)


def adjusted(
    stabilizer: Stabilizer, stability: float, *, exact: bool = True, torch_device: str | None = None
) -> Stabilizer:
    """For another setting: the same one, with its memory, unless it is switched on or off, or moves elsewhere."""
    if stabilizer.stability > 0 and stability > 0 and stabilizer.torch_device == torch_device:
        stabilizer.stability = stability
        return stabilizer
    return make_stabilizer(stability, exact=exact, torch_device=torch_device)
