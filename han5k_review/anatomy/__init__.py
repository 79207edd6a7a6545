"""What can be drawn: structures, their names in other sources, their relations, label values.

In use:

    catalogue = read_catalogue(Path("data/structures.csv"))
    catalogue.find_name("Parotid_L")  # "ParotidL", as another source calls it
    catalogue.get_structure("ParotidL").pair  # "ParotidR"
"""
