"""MONAI Label's REST, so that its plugin for 3D Slicer works at this server as it is.

    router = build_monai_label_router(desk)
    api.include_router(router)

The plugin is given `https://<server>/api/monai` as its server, and a personal token as the password
(docs/assist.md). Paths and forms are MONAI Label's; who may what, and what a pushed label becomes,
are ours.
"""
