//! Who hears whom: legs, bridges, prompts and record taps on one 20 ms tick.
