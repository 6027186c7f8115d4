"""Runbooks typed for real at an emulated AWS, behind walls, each in front of its fault: `gameday rehearse`."""
