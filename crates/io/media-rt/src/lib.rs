//! Media threads: sockets, ports, prompts and the 20 ms clock around the media core.
