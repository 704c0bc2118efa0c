//! Queues, agents, reservations: which agent gets which call, and why.
