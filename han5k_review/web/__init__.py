"""The ASGI side: who may enter, sign-in and sign-out, CT slabs, masks, grades, health.

In use:

    routes, middleware = build_routes(study, settings), build_middleware(study, settings)
    app = Starlette(routes=routes, middleware=middleware)
"""
