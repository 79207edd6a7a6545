"""The pages' side of the house: context, guard, widgets, and the typed door to the viewer."""
