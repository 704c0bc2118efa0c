//! SIP transports: sockets in, datagrams out.
