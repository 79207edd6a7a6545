"""Images and masks in space: grids, CT volumes, cropped structure masks, their files."""
