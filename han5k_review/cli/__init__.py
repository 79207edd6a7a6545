"""The `han5k` command: the same services the pages use, for terminals and scripts.

In use:

    from han5k_review.cli.main import main

    main(["reader", "list", "--study", "trial"])  # prints; exits with 0, 1, 2 or 130
"""
