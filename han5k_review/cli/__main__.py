"""`python -m han5k_review.cli` is the `han5k` command."""

from han5k_review.cli.main import main

main()
