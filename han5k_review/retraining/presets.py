"""Presets: what the settings of a run are when nobody says otherwise."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

PRESETS: Mapping[str, Mapping[str, Any]] = {
    "smoke": {
        "count_references": False,
        "replay": True,
        "replay_cases": 150,
        "replay_seed": 0,
        "revised_weight": 1,
        "monitor_fraction": 0.0,
        "working_spacing_mm": 5.0,
        "crop_to_body": True,
        "memory_target_gb": 0.03,
        "base_features": 8,
        "max_features": 64,
        "decoder_convolutions": 1,
        "epochs": 10,
        "iterations_per_epoch": 50,
        "monitor_iterations": 4,
        "optimizer": "adamw",
        "learning_rate": 1e-2,
        "learning_rate_adapt": 1e-3,
        "foreground_share": 0.67,
        "mirroring": False,
        "tile_step": 0.75,
        "keep_largest_piece": True,
        "mix_with_parent": True,
        "seed": 1,
        "threads": 1,
        "loader_processes": 0,
        "compile_network": False,
    },
    "adapt": {
        "count_references": False,
        "replay": True,
        "replay_cases": 150,
        "replay_seed": 0,
        "revised_weight": 2,
        "monitor_fraction": 0.2,
        "working_spacing_mm": None,
        "crop_to_body": False,
        "memory_target_gb": 8.0,
        "base_features": 32,
        "max_features": 320,
        "decoder_convolutions": 2,
        "epochs": 100,
        "iterations_per_epoch": 250,
        "monitor_iterations": 25,
        "optimizer": "sgd",
        "learning_rate": 1e-2,
        "learning_rate_adapt": 1e-3,
        "foreground_share": 0.33,
        "mirroring": True,
        "tile_step": 0.5,
        "keep_largest_piece": True,
        "mix_with_parent": True,
        "seed": 1,
        "threads": 4,
        "loader_processes": 8,
        "compile_network": True,
    },
}
PRESETS = {
    **PRESETS,
    "full": {
        **PRESETS["adapt"],
        "epochs": 1000,
        "monitor_iterations": 50,
        "learning_rate_adapt": 1e-2,
    },
}
PRESET_WORDS: Mapping[str, str] = {
    "smoke": "Shows that the loop works: coarse volumes, a small net, minutes on a CPU.",
    "adapt": "Continues a parent model on what was revised: hours on one GPU.",
    "full": "nnU-Net's full schedule of 1000 epochs: days on one GPU.",
}
