//! RTP packets, sequence and time, statistics, telephone-event.
