"""What an attempt leaves: rows in files, batches on their way, and the manifest."""
