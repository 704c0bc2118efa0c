//! Recordings: bounded ring to WAV file, header refresh, repair.
