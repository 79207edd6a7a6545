"""Folders and manifests of images -> cases of a study: a dry run first, then a resumable import."""
