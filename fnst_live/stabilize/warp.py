"""Warping: a picture of the past, moved to where its things are now."""

from __future__ import annotations

from typing import TypeVar

import cv2
import numpy as np
import numpy.typing as npt

Flow = npt.NDArray[np.float32]
Plane = npt.NDArray[np.float32]
Number = TypeVar("Number", np.uint8, np.float32)

BILINEAR_ALONG = cv2.INTER_LINEAR | cv2.WARP_RELATIVE_MAP


def fetched(
    picture: npt.NDArray[Number], flow: Flow, into: npt.NDArray[Number] | None = None
) -> npt.NDArray[Number]:
    """Each pixel from where the flow, float32 (2, H, W) in pixels, points: bilinear; the border's pixels go on beyond
    it."""
    u, v = flow
    warped = cv2.remap(picture, u, v, BILINEAR_ALONG, dst=into, borderMode=cv2.BORDER_REPLICATE)
    return np.asarray(warped, picture.dtype)
