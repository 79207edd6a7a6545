"""Run one peer on the masks of one case, inside the peers' own environment (see metrics.py).

    python metrics_parts/peers.py PEER MASKS.npz '{"cropped": ["Brainstem", ...], "full": [...]}'

Prints a line of JSON for each form: seconds and values of the structures named. Only the peer's
own calls are timed; building the full grid for it is not.
"""

from __future__ import annotations

import json
import logging
import sys
import time
import warnings
from collections.abc import Callable

import numpy as np

warnings.simplefilter("ignore")
logging.disable(logging.CRITICAL)

Values = dict[str, float]
Peer = Callable[[np.ndarray, np.ndarray, tuple[float, ...], float], Values]


def surface_distance() -> Peer:
    import surface_distance as sd

    def run(reference, prediction, spacing, tolerance):
        found = sd.compute_surface_distances(reference, prediction, spacing)
        there, back = sd.compute_average_surface_distance(found)
        return {
            "dice": sd.compute_dice_coefficient(reference, prediction),
            "hd95_mm": sd.compute_robust_hausdorff(found, 95),
            "surface_dice": sd.compute_surface_dice_at_tolerance(found, tolerance),
            "masd_mm": (there + back) / 2,
        }

    return run


def monai() -> Peer:
    import torch
    from monai import metrics

    def run(reference, prediction, spacing, tolerance):
        one, other = (torch.from_numpy(m)[None, None] for m in (prediction, reference))
        hd95 = metrics.compute_hausdorff_distance(one, other, True, percentile=95, spacing=spacing)
        nsd = metrics.compute_surface_dice(one, other, [tolerance], True, spacing=spacing)
        return {
            "dice": float(metrics.compute_dice(one, other)[0, 0]),
            "hd95_mm": float(hd95[0, 0]),
            "surface_dice": float(nsd[0, 0]),
        }

    return run


def medpy() -> Peer:
    from medpy.metric import binary

    def run(reference, prediction, spacing, tolerance):
        return {
            "dice": binary.dc(prediction, reference),
            "hd95_mm": binary.hd95(prediction, reference, spacing),
        }

    return run


def simpleitk() -> Peer:
    import SimpleITK

    def to_image(mask, spacing):
        image = SimpleITK.GetImageFromArray(mask.transpose(2, 1, 0).astype(np.uint8))
        image.SetSpacing(spacing)
        return image

    def directed(one, other):
        distance = SimpleITK.Abs(
            SimpleITK.SignedMaurerDistanceMap(other, squaredDistance=False, useImageSpacing=True)
        )
        contour = SimpleITK.GetArrayFromImage(SimpleITK.LabelContour(one)) == 1
        return SimpleITK.GetArrayViewFromImage(distance)[contour]

    def run(reference, prediction, spacing, tolerance):
        one, other = to_image(reference, spacing), to_image(prediction, spacing)
        overlap = SimpleITK.LabelOverlapMeasuresImageFilter()
        overlap.Execute(one, other)
        pooled = np.concatenate([directed(one, other), directed(other, one)])
        return {"dice": overlap.GetDiceCoefficient(), "hd95_mm": float(np.percentile(pooled, 95))}

    return run


def seg_metrics() -> Peer:
    import seg_metrics.seg_metrics as sg

    def run(reference, prediction, spacing, tolerance):
        found = sg.write_metrics(
            labels=[1],
            gdth_img=reference.astype(np.uint8),
            pred_img=prediction.astype(np.uint8),
            spacing=spacing,
            metrics=["dice", "hd95"],
            TPTNFPFN=True,
        )
        found = found[0] if isinstance(found, list) else found
        return {"dice": float(found["dice"][0]), "hd95_mm": float(found["hd95"][0])}

    return run


def mesh_metrics() -> Peer:
    from meshmetrics import DistanceMetrics

    def run(reference, prediction, spacing, tolerance):
        found = DistanceMetrics(verbose=False)
        found.set_input(reference, prediction, spacing=spacing)
        return {
            "hd95_mm": float(found.hd(95)),
            "surface_dice": float(found.nsd(tolerance)),
            "masd_mm": float(found.masd()),
        }

    return run


def mikan() -> Peer:
    import mikan as package
    import SimpleITK

    def run(reference, prediction, spacing, tolerance):
        images = []
        for mask in (reference, prediction):
            image = SimpleITK.GetImageFromArray(mask.transpose(2, 1, 0).astype(np.uint8))
            image.SetSpacing(spacing)
            images.append(image)
        found = package.Evaluator(*images).labels(1).metrics(["dice", "hd95"])
        numbers = list(found.values()) if isinstance(found, dict) else list(found)
        return {"dice": float(numbers[0]), "hd95_mm": float(numbers[1])}

    return run


PEERS = {
    "surface-distance": surface_distance,
    "MONAI": monai,
    "SimpleITK": simpleitk,
    "MedPy": medpy,
    "seg-metrics": seg_metrics,
    "MeshMetrics": mesh_metrics,
    "mikan-rs": mikan,
}


def on_full_grid(mask: np.ndarray, start: np.ndarray, shape: np.ndarray) -> np.ndarray:
    full = np.zeros(shape, dtype=np.bool_)
    full[tuple(slice(s, s + n) for s, n in zip(start, mask.shape, strict=True))] = mask
    return full


def main() -> None:
    name, masks, plan = sys.argv[1:]
    case = np.load(masks)
    spacing = tuple(float(mm) for mm in case["spacing_mm"])
    peer = PEERS[name]()
    tiny = np.zeros((6, 6, 6), dtype=np.bool_)
    tiny[2:4, 2:4, 2:4] = True
    peer(tiny, tiny.copy(), (1.0, 1.0, 1.0), 1.0)  # imports and first calls are not timed
    for form, structures in json.loads(plan).items():
        seconds, values = {}, {}
        for structure in structures:
            pair = [case[f"{structure}/{side}"] for side in ("reference", "prediction")]
            if form == "full":
                pair = [on_full_grid(m, case[f"{structure}/start"], case["shape"]) for m in pair]
            began = time.perf_counter()
            values[structure] = peer(*pair, spacing, 1.0)
            seconds[structure] = time.perf_counter() - began
        print(json.dumps({"form": form, "seconds": seconds, "values": values}), flush=True)


if __name__ == "__main__":
    main()
