"""What tests and benchmarks both stand on: a browser, a server, databases, made-up studies.

    with running_server(study.root, folder / "web.log") as server, running_chromium() as browser:
        page = browser.new_page(base_url=server.url)

Nothing here is a test or a measurement, and the product knows nothing of it.
"""
