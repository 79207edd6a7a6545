"""Images and masks in space: grids, CT volumes, cropped structure masks, their files.

In use:

    ct = read_ct(Path("ct.nii.gz"))  # int16 HU of (i, j, k), which grow to L, P, S
    mask = read_mask(Path("ParotidL.nii.gz"), ct.grid)
    mask.volume_cc, ct.hu[mask.slices][mask.voxels].mean()
"""
