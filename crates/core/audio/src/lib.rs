//! G.711, tones and tone detection.
