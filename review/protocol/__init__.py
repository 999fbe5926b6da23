"""The protocol, the plan of a review: `loading` reads and checks it, `models` has its parts."""
