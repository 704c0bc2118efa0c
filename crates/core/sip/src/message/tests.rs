//! Messages as phones and trunks send them.
