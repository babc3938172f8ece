"""`ccmeval check`: finds out whether a set of frames, perhaps a stranger's, is fit to be scored."""
