"""`python -m review.cli`: the same as the command `review`."""

from review.cli import main

main()
