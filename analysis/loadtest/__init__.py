"""A load test and a restore drill on real servers of this machine: what the model computes, measured with a stand-in."""
