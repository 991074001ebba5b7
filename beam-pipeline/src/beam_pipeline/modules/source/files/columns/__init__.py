"""What the columns of files are: named, inferred, brought together."""
