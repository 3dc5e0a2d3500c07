"""The one door to every model: what calls it is the same for a server far away and for a process on this machine."""
