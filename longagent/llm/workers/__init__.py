"""Model servers of our own on this machine: started, found by every later command, watched and stopped."""
