"""DICOM: CT series and RT structure sets, in and out. The only room that knows pydicom."""
