"""Answers for eyes: terminal now; report and notebook later."""
