"""The set-up: each part installs one thing, once, and knows whether it is done."""
