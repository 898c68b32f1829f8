"""Where instruments trade: each venue behind one contract."""
