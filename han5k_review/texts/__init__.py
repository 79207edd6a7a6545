"""What people write: names, numbers, paths, files of text, tables as CSV or XLSX."""
