"""Single characters of the world's scripts, rendered in colour from Debian's fonts, to train and test recognisers."""
