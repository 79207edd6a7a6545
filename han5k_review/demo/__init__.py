"""The demo study: synthetic head-and-neck CTs with references and pseudo-labels. No patient.

In use:

    case = build_case(7, catalogue)  # the same seed gives the same patient
    pseudo = build_pseudo_labels(case, catalogue, np.random.default_rng(7))
    pseudo.masks["ParotidL"].volume_cc, case.references["ParotidL"].volume_cc
"""
