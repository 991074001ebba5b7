"""How a source is read, whatever it is: parts side by side, in windows, a bounded number of bytes ahead."""
