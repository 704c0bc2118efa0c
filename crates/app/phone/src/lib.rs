//! A scripted softphone on real sockets, for the demonstration and the tests.
