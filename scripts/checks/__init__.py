"""Every check and test suite, and the one line that counts them."""
