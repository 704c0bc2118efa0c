//! The torture messages of RFC 4475, each by its name there, with the verdict that RFC gives.
//!
//! The bytes are those of the RFC, but for `mpart01`, whose binary part is other binary of the same length.

#![expect(clippy::unwrap_used, reason = "what a test cannot read fails it")]

use hotline_sip::message::{Contacts, Malformed, MalformedKind};
use hotline_sip::{Builder, HeaderName, Message, Method};

macro_rules! message {
    ($name:ident) => {
        include_bytes!(concat!("data/rfc4475/", stringify!($name), ".sip")).as_slice()
    };
}

/// The message, which must be well formed in every header that has a type.
fn accepted(bytes: &'static [u8]) -> Message {
    let message = Message::parse(bytes).unwrap_or_else(|error| panic!("{error}"));
    message.vias().unwrap();
    message.contacts().unwrap();
    message.routes().unwrap();
    message.record_routes().unwrap();
    message.expires().unwrap();
    message
}

/// The status it is refused with, after checking that the refusal can be built and reads back.
fn refused(bytes: &'static [u8]) -> u16 {
    let malformed = Message::parse(bytes).unwrap_err();
    let status = malformed.status().unwrap_or_else(|| panic!("{malformed} has no answer"));
    let request = malformed.message.unwrap();
    let answer = Builder::response(&request, status, "Refused").to_tag("t").build().unwrap();
    assert!(answer.starts_with(format!("SIP/2.0 {status} Refused\r\nVia: ").as_bytes()));
    status
}

/// Why it is dropped without an answer.
fn dropped(bytes: &'static [u8]) -> MalformedKind {
    let malformed: Malformed = Message::parse(bytes).unwrap_err();
    assert_eq!(malformed.status(), None);
    malformed.kind
}

mod valid {
    use super::*;

    /// RFC 4475 §3.1.1.1.
    #[test]
    fn wsinv() {
        let message = accepted(message!(wsinv));
        assert_eq!(message.to_tag().unwrap(), "1918181833n");
        assert_eq!(message.from().unwrap().display.as_deref(), Some("J Rosenberg \\\""));
        assert_eq!(message.max_forwards(), Ok(Some(68)));
        assert_eq!(message.cseq().unwrap().to_string(), "9 INVITE");
        let vias: Vec<_> = message.vias().unwrap().iter().map(ToString::to_string).collect();
        assert_eq!(
            vias,
            [
                "SIP/2.0/UDP 192.0.2.2;branch=390skdjuw",
                "SIP/2.0/TCP spindle.example.com;branch=z9hG4bK9ikj8",
                "SIP/2.0/UDP 192.168.255.111;branch=z9hG4bK30239"
            ]
        );
        assert_eq!(message.header(HeaderName::Subject).unwrap(), "");
        assert_eq!(
            message.header_by_text("NewFangledHeader").unwrap(),
            "newfangled value continued newfangled value"
        );
        assert_eq!(message.header_by_text("unknownheaderwithunusualvalue").unwrap(), ";;,,;;,;");
        let contacts = message.contacts().unwrap();
        let contact = contacts.first().unwrap();
        assert_eq!(contact.display.as_deref(), Some("Quoted string \"\""));
        assert_eq!((contact.params.get("newparam"), contact.q_thousandths()), (Some("newvalue"), 330));
        assert_eq!(message.body().len(), 150);
    }

    /// RFC 4475 §3.1.1.2.
    #[test]
    fn intmeth() {
        let message = accepted(message!(intmeth));
        assert_eq!(message.method().unwrap().as_str(), "!interesting-Method0123456789_*+`.%indeed'~");
        assert_eq!(message.to().unwrap().display.as_deref(), Some("BEL:\u{7} NUL:\0 DEL:\u{7f}"));
        let from = message.from().unwrap();
        assert_eq!(from.tag(), Some("_token~1'+`*%!-."));
        assert_eq!(from.params.text("fromParam''~+*_!.-%").unwrap(), "работающий");
        assert_eq!(message.call_id(), "intmeth.word%ZK-!.*_+'@word`~)(><:\\/\"][?}{");
        assert_eq!(message.header_by_text("extensionHeader-!.%*+_`'~").unwrap(), "\u{feff}大停電");
    }

    /// RFC 4475 §3.1.1.3.
    #[test]
    fn esc01() {
        let message = accepted(message!(esc01));
        let uri = message.uri().unwrap();
        assert_eq!(uri.user().unwrap(), "sips:user@example.com");
        assert_eq!(uri.to_string(), "sip:sips%3Auser%40example.com@example.net");
        assert_eq!(message.to().unwrap().uri.user().unwrap(), "user");
        assert_eq!(message.from().unwrap().uri.user().unwrap(), "I have spaces");
    }

    /// RFC 4475 §3.1.1.4.
    #[test]
    fn escnull() {
        let message = accepted(message!(escnull));
        assert_eq!(message.to().unwrap().uri.user().unwrap(), "null-\0-null");
        let Contacts::List(contacts) = message.contacts().unwrap() else { panic!("a list") };
        assert!(!contacts[0].uri.equivalent(&contacts[1].uri));
    }

    /// RFC 4475 §3.1.1.5.
    #[test]
    fn esc02() {
        let message = accepted(message!(esc02));
        assert_eq!(message.method(), Some(Method::Other("RE%47IST%45R".into())));
        assert_eq!(message.to().unwrap().display.as_deref(), Some("%Z%45"));
        let Contacts::List(contacts) = message.contacts().unwrap() else { panic!("a list") };
        assert_eq!(contacts.len(), 2);
    }

    /// RFC 4475 §3.1.1.6.
    #[test]
    fn lwsdisp() {
        let from = accepted(message!(lwsdisp)).from().unwrap();
        assert_eq!((from.display.as_deref(), from.tag()), (Some("caller"), Some("323")));
    }

    /// RFC 4475 §3.1.1.7.
    #[test]
    fn longreq() {
        let message = accepted(message!(longreq));
        assert_eq!(message.vias().unwrap().len(), 34);
        assert_eq!(message.call_id().len(), "longreq.onelongcallid".len() + 20 * "really".len());
    }

    /// RFC 4475 §3.1.1.8: over UDP the second message is behind the first one's end, and dropped.
    #[test]
    fn dblreq() {
        let message = accepted(message!(dblreq));
        assert_eq!((message.method(), message.body().len()), (Some(Method::Register), 0));
    }

    /// RFC 4475 §3.1.1.9.
    #[test]
    fn semiuri() {
        let uri = accepted(message!(semiuri)).uri().unwrap();
        assert_eq!(uri.user().unwrap(), "user;par=u@example.net");
        assert!(uri.sip().unwrap().params.is_empty());
    }

    /// RFC 4475 §3.1.1.10.
    #[test]
    fn transports() {
        let vias = accepted(message!(transports)).vias().unwrap();
        let names: Vec<_> = vias.iter().map(|via| via.transport.as_str()).collect();
        assert_eq!(names, ["UDP", "SCTP", "TLS", "UNKNOWN", "TCP"]);
    }

    /// RFC 4475 §3.1.1.11.
    #[test]
    fn mpart01() {
        assert_eq!(accepted(message!(mpart01)).body().len(), 553);
    }

    /// RFC 4475 §3.1.1.12.
    #[test]
    fn unreason() {
        let message = accepted(message!(unreason));
        let reason = "= 2**3 * 5**2 но сто девяносто девять - простое".into();
        assert_eq!(message.kind(), hotline_sip::message::Kind::Response { status: 200, reason });
    }

    /// RFC 4475 §3.1.1.13.
    #[test]
    fn noreason() {
        assert_eq!(accepted(message!(noreason)).status(), Some(100));
    }
}

mod invalid {
    use super::*;

    macro_rules! refused_with {
        ($($name:ident $section:literal $status:literal;)*) => {
            $(#[doc = concat!("RFC 4475 §", $section, ".")]
            #[test]
            fn $name() {
                assert_eq!(refused(message!($name)), $status);
            })*
        };
    }

    refused_with! {
        badinv01 "3.1.2.1" 400;
        clerr "3.1.2.2" 400;
        ncl "3.1.2.3" 400;
        scalar02 "3.1.2.4" 400;
        quotbal "3.1.2.6" 400;
        ltgtruri "3.1.2.7" 400;
        lwsruri "3.1.2.8" 400;
        lwsstart "3.1.2.9" 400;
        trws "3.1.2.10" 400;
        escruri "3.1.2.11" 400;
        badvers "3.1.2.16" 505;
        mismatch01 "3.1.2.17" 400;
        mismatch02 "3.1.2.18" 400;
        insuf "3.3.1" 400;
        multi01 "3.3.8" 400;
        mcl01 "3.3.9" 400;
    }

    /// RFC 4475 §3.1.2.5: a response.
    #[test]
    fn scalarlg() {
        assert!(matches!(dropped(message!(scalarlg)), MalformedKind::Header(HeaderName::CSeq, _)));
    }

    /// RFC 4475 §3.1.2.12: a date in EST may be forgiven, and nothing here depends on Date.
    #[test]
    fn baddate() {
        accepted(message!(baddate));
    }

    /// RFC 4475 §3.1.2.13: the message is whole, its Contact is not; a registrar refuses it.
    #[test]
    fn regbadct() {
        assert!(Message::parse(message!(regbadct)).unwrap().contacts().is_err());
    }

    /// RFC 4475 §3.1.2.14: spaces within `<…>` may be forgiven.
    #[test]
    fn badaspec() {
        assert_eq!(accepted(message!(badaspec)).to().unwrap().uri.to_string(), "sip:t.watson@example.org");
    }

    /// RFC 4475 §3.1.2.15: commas in an unquoted display name may be forgiven.
    #[test]
    fn baddn() {
        assert_eq!(accepted(message!(baddn)).from().unwrap().display.as_deref(), Some("Bell, Alexander"));
    }

    /// RFC 4475 §3.1.2.19: a response.
    #[test]
    fn bigcode() {
        assert_eq!(dropped(message!(bigcode)), MalformedKind::StartLine);
    }
}

/// Messages that read well and are decided on by the layers above.
mod meaning {
    use super::*;

    /// RFC 4475 §3.2.1: the branch is nothing but the magic cookie.
    #[test]
    fn badbranch() {
        let via = accepted(message!(badbranch)).top_via().unwrap();
        assert_eq!(via.branch(), Some(hotline_sip::message::MAGIC_COOKIE));
    }

    /// RFC 4475 §3.3.2: to be answered 416.
    #[test]
    fn unkscm() {
        let uri = accepted(message!(unkscm)).uri().unwrap();
        assert_eq!(
            (uri.sip(), uri.to_string().as_str()),
            (None, "nobodyKnowsThisScheme:totallyopaquecontent")
        );
    }

    /// RFC 4475 §3.3.3: to be answered 416.
    #[test]
    fn novelsc() {
        assert_eq!(accepted(message!(novelsc)).request_uri(), Some("soap.beep://192.0.2.103:3002"));
    }

    /// RFC 4475 §3.3.4.
    #[test]
    fn unksm2() {
        let message = accepted(message!(unksm2));
        assert_eq!(message.to().unwrap().uri.to_string(), "isbn:2983792873");
        assert_eq!(message.contacts().unwrap().first().unwrap().uri.to_string(), "name:John_Smith");
    }

    /// RFC 4475 §3.3.5: to be answered 420.
    #[test]
    fn bext01() {
        let message = accepted(message!(bext01));
        assert_eq!(
            message.require().collect::<Vec<_>>(),
            ["nothingSupportsThis", "nothingSupportsThisEither"]
        );
    }

    /// RFC 4475 §3.3.6: to be answered 415.
    #[test]
    fn invut() {
        let message = accepted(message!(invut));
        assert_eq!(message.header(HeaderName::ContentType).unwrap(), "application/unknownformat");
    }

    /// RFC 4475 §3.3.7: credentials of no known scheme count as none.
    #[test]
    fn regaut01() {
        let message = accepted(message!(regaut01));
        let authorization = message.header(HeaderName::Authorization).unwrap();
        assert!(hotline_sip::digest::Credentials::parse(&authorization).is_err());
    }

    /// RFC 4475 §3.3.10: a response with a second Via is not for us.
    #[test]
    fn bcast() {
        assert_eq!(accepted(message!(bcast)).vias().unwrap().len(), 2);
    }

    /// RFC 4475 §3.3.11: good for an endpoint, 483 at a proxy.
    #[test]
    fn zeromf() {
        assert_eq!(accepted(message!(zeromf)).max_forwards(), Ok(Some(0)));
    }

    /// RFC 4475 §3.3.12: the parameter belongs to the header.
    #[test]
    fn cparam01() {
        let contacts = accepted(message!(cparam01)).contacts().unwrap();
        let contact = contacts.first().unwrap();
        assert!(contact.params.has("unknownparam") && contact.uri.sip().unwrap().params.is_empty());
    }

    /// RFC 4475 §3.3.13: the parameter belongs to the URI.
    #[test]
    fn cparam02() {
        let contacts = accepted(message!(cparam02)).contacts().unwrap();
        let contact = contacts.first().unwrap();
        assert!(contact.params.is_empty() && contact.uri.sip().unwrap().params.has("unknownparam"));
    }

    /// RFC 4475 §3.3.14.
    #[test]
    fn regescrt() {
        let contacts = accepted(message!(regescrt)).contacts().unwrap();
        let uri = &contacts.first().unwrap().uri;
        assert_eq!(uri.sip().unwrap().headers.as_deref(), Some("Route=%3Csip:sip.example.com%3E"));
    }

    /// RFC 4475 §3.3.15: to be answered 406.
    #[test]
    fn sdp01() {
        assert_eq!(accepted(message!(sdp01)).header(HeaderName::Accept).unwrap(), "text/nobodyKnowsThis");
    }

    /// RFC 4475 §3.4.1: an INVITE of RFC 2543, without branch, tag, Max-Forwards, Contact and Content-Length.
    #[test]
    fn inv2543() {
        let message = accepted(message!(inv2543));
        assert_eq!((message.top_via().unwrap().branch(), message.from_tag()), (None, None));
        assert_eq!(message.body().len(), 105);
    }
}
