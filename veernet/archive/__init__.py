"""What an archive run knows: which sheets there are, which are settled, and what of them need not be made again."""
