//! Header field names: the known ones, their compact forms, and whether their values are comma lists.

use core::fmt;

use serde::{Deserialize, Serialize};

/// How the values of a field may be combined on one line (RFC 3261 §7.3.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Form {
    /// One value a line; a comma is part of it.
    Single,
    /// `#value`: a comma ends a value.
    List,
}

/// Longest known name in bytes; a longer one is unknown without looking.
const MAX_KNOWN_NAME: usize = 24;

macro_rules! header_names {
    ($($variant:ident $form:ident $text:literal $lower:literal $(| $compact:literal)?, $source:literal;)*) => {
        /// A header field name that Hotline knows. Others are read with
        /// [`Message::header_by_text`](crate::Message::header_by_text).
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        pub enum HeaderName {
            $(#[doc = concat!("`", $text, "`, ", $source, ".")] $variant,)*
        }

        impl HeaderName {
            /// Every known name.
            pub const ALL: &'static [Self] = &[$(Self::$variant),*];

            /// The field called `name`, long or compact form, any case.
            #[must_use]
            pub fn parse(name: &[u8]) -> Option<Self> {
                let mut lower = [0; MAX_KNOWN_NAME];
                let lower = lower.get_mut(..name.len())?;
                lower.copy_from_slice(name);
                lower.make_ascii_lowercase();
                match &*lower {
                    $($lower $(| $compact)? => Some(Self::$variant),)*
                    _ => None,
                }
            }

            /// The long form, as Hotline writes it.
            #[must_use]
            pub const fn as_str(self) -> &'static str {
                match self {
                    $(Self::$variant => $text,)*
                }
            }

            const fn form(self) -> Form {
                match self {
                    $(Self::$variant => Form::$form,)*
                }
            }
        }
    };
}

header_names! {
    Via List "Via" b"via" | b"v", "RFC 3261 §20.42";
    From Single "From" b"from" | b"f", "RFC 3261 §20.20";
    To Single "To" b"to" | b"t", "RFC 3261 §20.39";
    CallId Single "Call-ID" b"call-id" | b"i", "RFC 3261 §20.8";
    CSeq Single "CSeq" b"cseq", "RFC 3261 §20.16";
    MaxForwards Single "Max-Forwards" b"max-forwards", "RFC 3261 §20.22";
    Contact List "Contact" b"contact" | b"m", "RFC 3261 §20.10";
    Route List "Route" b"route", "RFC 3261 §20.34";
    RecordRoute List "Record-Route" b"record-route", "RFC 3261 §20.30";
    Path List "Path" b"path", "RFC 3327";
    ServiceRoute List "Service-Route" b"service-route", "RFC 3608";
    ContentLength Single "Content-Length" b"content-length" | b"l", "RFC 3261 §20.14";
    ContentType Single "Content-Type" b"content-type" | b"c", "RFC 3261 §20.15";
    ContentEncoding List "Content-Encoding" b"content-encoding" | b"e", "RFC 3261 §20.12";
    ContentDisposition Single "Content-Disposition" b"content-disposition", "RFC 3261 §20.11";
    ContentLanguage List "Content-Language" b"content-language", "RFC 3261 §20.13";
    MimeVersion Single "MIME-Version" b"mime-version", "RFC 3261 §20.24";
    Expires Single "Expires" b"expires", "RFC 3261 §20.19";
    MinExpires Single "Min-Expires" b"min-expires", "RFC 3261 §20.23";
    Require List "Require" b"require", "RFC 3261 §20.32";
    ProxyRequire List "Proxy-Require" b"proxy-require", "RFC 3261 §20.29";
    Supported List "Supported" b"supported" | b"k", "RFC 3261 §20.37";
    Unsupported List "Unsupported" b"unsupported", "RFC 3261 §20.40";
    Allow List "Allow" b"allow", "RFC 3261 §20.5";
    AllowEvents List "Allow-Events" b"allow-events" | b"u", "RFC 6665 §8.2.2";
    Accept List "Accept" b"accept", "RFC 3261 §20.1";
    AcceptEncoding List "Accept-Encoding" b"accept-encoding", "RFC 3261 §20.2";
    AcceptLanguage List "Accept-Language" b"accept-language", "RFC 3261 §20.3";
    AcceptContact List "Accept-Contact" b"accept-contact" | b"a", "RFC 3841";
    RejectContact List "Reject-Contact" b"reject-contact" | b"j", "RFC 3841";
    RequestDisposition List "Request-Disposition" b"request-disposition" | b"d", "RFC 3841";
    Authorization Single "Authorization" b"authorization", "RFC 3261 §20.7";
    ProxyAuthorization Single "Proxy-Authorization" b"proxy-authorization", "RFC 3261 §20.28";
    WwwAuthenticate Single "WWW-Authenticate" b"www-authenticate", "RFC 3261 §20.44";
    ProxyAuthenticate Single "Proxy-Authenticate" b"proxy-authenticate", "RFC 3261 §20.27";
    AuthenticationInfo Single "Authentication-Info" b"authentication-info", "RFC 3261 §20.6";
    Event Single "Event" b"event" | b"o", "RFC 6665 §8.2.1";
    SubscriptionState Single "Subscription-State" b"subscription-state", "RFC 6665 §8.2.3";
    ReferTo Single "Refer-To" b"refer-to" | b"r", "RFC 3515";
    ReferredBy Single "Referred-By" b"referred-by" | b"b", "RFC 3892";
    Replaces Single "Replaces" b"replaces", "RFC 3891";
    TargetDialog Single "Target-Dialog" b"target-dialog", "RFC 4538";
    SessionExpires Single "Session-Expires" b"session-expires" | b"x", "RFC 4028";
    MinSe Single "Min-SE" b"min-se", "RFC 4028";
    RSeq Single "RSeq" b"rseq", "RFC 3262";
    RAck Single "RAck" b"rack", "RFC 3262";
    Reason List "Reason" b"reason", "RFC 3326";
    RetryAfter Single "Retry-After" b"retry-after", "RFC 3261 §20.33";
    Subject Single "Subject" b"subject" | b"s", "RFC 3261 §20.36";
    Date Single "Date" b"date", "RFC 3261 §20.17";
    Server Single "Server" b"server", "RFC 3261 §20.35";
    UserAgent Single "User-Agent" b"user-agent", "RFC 3261 §20.41";
    XRequestId Single "X-Request-Id" b"x-request-id", "of this server: the request of a client that caused it";
    Warning List "Warning" b"warning", "RFC 3261 §20.43";
    Timestamp Single "Timestamp" b"timestamp", "RFC 3261 §20.38";
    Organization Single "Organization" b"organization", "RFC 3261 §20.25";
    Priority Single "Priority" b"priority", "RFC 3261 §20.26";
    AlertInfo List "Alert-Info" b"alert-info", "RFC 3261 §20.4";
    CallInfo List "Call-Info" b"call-info", "RFC 3261 §20.9";
    ErrorInfo List "Error-Info" b"error-info", "RFC 3261 §20.18";
    InReplyTo List "In-Reply-To" b"in-reply-to", "RFC 3261 §20.21";
    ReplyTo Single "Reply-To" b"reply-to", "RFC 3261 §20.31";
    Privacy Single "Privacy" b"privacy", "RFC 3323";
    PAssertedIdentity List "P-Asserted-Identity" b"p-asserted-identity", "RFC 3325";
    PPreferredIdentity List "P-Preferred-Identity" b"p-preferred-identity", "RFC 3325";
    RemotePartyId List "Remote-Party-ID" b"remote-party-id", "the draft that RFC 3325 replaced";
    Diversion List "Diversion" b"diversion", "RFC 5806";
    HistoryInfo List "History-Info" b"history-info", "RFC 7044";
    Identity Single "Identity" b"identity" | b"y", "RFC 8224";
    SipEtag Single "SIP-ETag" b"sip-etag", "RFC 3903";
    SipIfMatch Single "SIP-If-Match" b"sip-if-match", "RFC 3903";
}

impl HeaderName {
    /// Whether a comma on one line separates values (RFC 3261 §7.3.1).
    #[must_use]
    pub const fn is_list(self) -> bool {
        matches!(self.form(), Form::List)
    }
}

impl fmt::Display for HeaderName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_name_reads_back_in_any_case() {
        for &name in HeaderName::ALL {
            let text = name.as_str();
            assert_eq!(HeaderName::parse(text.as_bytes()), Some(name));
            assert_eq!(HeaderName::parse(text.to_uppercase().as_bytes()), Some(name));
            assert!(text.len() <= MAX_KNOWN_NAME);
        }
    }

    #[test]
    fn compact_forms_are_the_same_field() {
        for (compact, name) in [
            ("v", HeaderName::Via),
            ("F", HeaderName::From),
            ("t", HeaderName::To),
            ("I", HeaderName::CallId),
            ("m", HeaderName::Contact),
            ("l", HeaderName::ContentLength),
            ("k", HeaderName::Supported),
            ("x", HeaderName::SessionExpires),
        ] {
            assert_eq!(HeaderName::parse(compact.as_bytes()), Some(name));
        }
        assert_eq!(HeaderName::parse(b"z"), None);
        assert_eq!(HeaderName::parse(b""), None);
        assert_eq!(HeaderName::parse(&[b'x'; 500]), None);
    }

    #[test]
    fn a_comma_in_a_challenge_is_not_a_list() {
        assert!(HeaderName::Via.is_list() && HeaderName::Contact.is_list());
        assert!(!HeaderName::WwwAuthenticate.is_list() && !HeaderName::Date.is_list());
    }
}
