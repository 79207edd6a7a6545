"""DICOM: CT series and RT structure sets, in and out. The only room that knows pydicom.

In use:

    outline = read_series_outline(Path("series"))  # headers only: grid, frame of reference
    reading = read_series(Path("series"))  # HU of (i, j, k), int16, and all notices
    labels = read_dicom_labels(Path("rtstruct.dcm"), outline.frame_uid)
"""
