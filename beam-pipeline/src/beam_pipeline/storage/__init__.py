"""Files of this machine and of Cloud Storage, and what a config may read of them."""
