"""Training with nnU-Net: the only place, with `inference`, that knows torch and nnunetv2."""
