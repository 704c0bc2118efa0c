//! Scripted phones on a simulated network with virtual time, around the real core.
