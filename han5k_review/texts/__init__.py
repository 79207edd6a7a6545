r"""What people write: names, numbers, paths, files of text, tables as CSV or XLSX.

In use:

    table = read_table(Path("manifest.csv"), what="A manifest", required=("case", "ct"))
    fold_name("Ju\u0308rgen") == fold_name("JÜRGEN")
"""
