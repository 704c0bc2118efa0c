//! SDP values and RFC 3264 offer/answer as functions.
