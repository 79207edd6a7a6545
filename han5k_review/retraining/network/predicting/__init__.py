"""Predicting: registered models opened without unpickling, and CTs predicted with them.

model = open_model(locate_model(study, version), "cpu")
predict_case(model, volume)  # structure -> StructureMask on the volume's own grid
"""
