//! URIs as phones and trunks write them.

use super::*;

fn sip(text: &str) -> SipUri {
    SipUri::parse(text).unwrap_or_else(|error| panic!("{text}: {error}"))
}

#[test]
fn what_is_read_prints_back_as_it_came() {
    for text in [
        "sip:alice@atlanta.com",
        "sips:alice:secretword@atlanta.com:5061;transport=tcp;lr?to=bob%40b.com&priority=urgent",
        "sip:%2B4930123@h",
        "sip:*21#@192.0.2.1",
        "sip:+1-212-555-1212:1234@gateway.com;user=phone",
        "sip:[2001:db8::1]:5060;transport=udp",
        "sip:user;par=u%40example.net@example.com",
        "sip:1_unusual.URI~(to-be!sure)&isn't+it$/crazy?,/;;*:&it+has=1,weird!*pas$wo~d_too.(doesn't-it)@example.com",
        "tel:+1-201-555-0123",
        "tel:7042;phone-context=example.com",
        "urn:service:sos",
        "soap.beep://192.0.2.103:3002",
        "nobodyKnowsThisScheme:totallyopaquecontent",
    ] {
        let uri = Uri::parse(text).unwrap_or_else(|error| panic!("{text}: {error}"));
        assert_eq!(uri.to_string(), text);
    }
}

#[test]
fn parts_are_where_the_grammar_puts_them() {
    let uri = sip("SIP:us%40er:pw@[2001:db8::1]:5070;transport=udp;lr?subject=x");
    assert_eq!(uri.user_text().unwrap(), "us@er");
    assert_eq!(uri.password.as_deref(), Some("pw"));
    assert_eq!(uri.host, Host::V6("2001:db8::1".parse().unwrap()));
    assert_eq!(uri.port, Some(5070));
    assert_eq!(uri.params.get("transport"), Some("udp"));
    assert!(uri.params.has("lr"));
    assert_eq!(uri.headers.as_deref(), Some("subject=x"));
    assert_eq!(sip("sip:10.0.0.1").host, Host::V4("10.0.0.1".parse().unwrap()));
}

#[test]
fn the_user_of_a_tel_uri_is_its_number() {
    assert_eq!(Uri::parse("tel:+4930123;x=y").unwrap().user().unwrap(), "+4930123");
}

#[test]
fn wrong_uris_say_what_is_wrong() {
    for (text, error) in [
        ("", UriError::Scheme),
        ("alice", UriError::Scheme),
        ("1x:y", UriError::Scheme),
        ("sip:", UriError::Host),
        ("sip:alice@", UriError::Host),
        ("sip:alice@ho\u{df}t", UriError::Host),
        ("sip:[::1", UriError::Host),
        ("sip:[zz]", UriError::Host),
        ("sip:a@h:", UriError::Port),
        ("sip:a@h:65536", UriError::Port),
        ("sip:a@h:x", UriError::Port),
        ("sip:@h", UriError::Character),
        ("sip:a@b@c", UriError::Character),
        ("sip:a b@c", UriError::Character),
        ("<sip:a@b>", UriError::Character),
        ("sip:a@b\r\nVia: x", UriError::Character),
        ("sip:a@h;;x", UriError::Param),
        ("sip:a@h;=x", UriError::Param),
        ("tel:", UriError::Host),
    ] {
        assert_eq!(Uri::parse(text), Err(error), "{text}");
    }
}

#[test]
fn a_plain_user_is_escaped_once() {
    let uri = SipUri::new(Some("a b@c%"), Host::Name("h".into()), None);
    assert_eq!(uri.to_string(), "sip:a%20b%40c%25@h");
    assert_eq!(uri.user_text().unwrap(), "a b@c%");
    assert_eq!(sip(&uri.to_string()), uri);
    assert_eq!(
        SipUri::new(Some("+4930"), Host::Name("h".into()), Some(5060)).to_string(),
        "sip:+4930@h:5060"
    );
}

/// The examples of RFC 3261 §19.1.4.
#[test]
fn equal_means_what_the_rfc_means() {
    for (a, b) in [
        ("sip:%61lice@atlanta.com;transport=TCP", "sip:alice@AtLanTa.CoM;Transport=tcp"),
        ("sip:carol@chicago.com", "sip:carol@chicago.com;newparam=5"),
        ("sip:carol@chicago.com;security=on", "sip:carol@chicago.com;newparam=5"),
        (
            "sip:biloxi.com;transport=tcp;method=REGISTER?to=sip:bob%40biloxi.com",
            "sip:biloxi.com;method=REGISTER;transport=tcp?to=sip:bob%40biloxi.com",
        ),
        (
            "sip:alice@atlanta.com?subject=project%20x&priority=urgent",
            "sip:alice@atlanta.com?priority=urgent&subject=project%20x",
        ),
    ] {
        assert!(sip(a).equivalent(&sip(b)) && sip(b).equivalent(&sip(a)), "{a} {b}");
    }
}

/// The counter-examples of RFC 3261 §19.1.4.
#[test]
fn different_means_what_the_rfc_means() {
    for (a, b) in [
        ("SIP:ALICE@AtLanTa.CoM;Transport=udp", "sip:alice@AtLanTa.CoM;Transport=UDP"),
        ("sip:bob@biloxi.com", "sip:bob@biloxi.com:5060"),
        ("sip:bob@biloxi.com;transport=udp", "sip:bob@biloxi.com:6000;transport=tcp"),
        ("sip:carol@chicago.com", "sip:carol@chicago.com?Subject=next%20meeting"),
        ("sip:bob@phone21.boxesbybob.com", "sip:bob@192.0.2.4"),
        ("sip:carol@chicago.com;security=on", "sip:carol@chicago.com;security=off"),
        ("sip:carol@chicago.com", "sip:carol@chicago.com;user=phone"),
        ("sip:carol@chicago.com", "sips:carol@chicago.com"),
    ] {
        assert!(!sip(a).equivalent(&sip(b)) && !sip(b).equivalent(&sip(a)), "{a} {b}");
    }
}

#[test]
fn numbers_are_equal_without_their_separators() {
    let tel = |text| Uri::parse(text).unwrap();
    assert!(tel("tel:+1-201-555-0123").equivalent(&tel("tel:+1(201)555.0123")));
    assert!(!tel("tel:7042;phone-context=a.com").equivalent(&tel("tel:7042;phone-context=b.com")));
    assert!(!tel("tel:7042").equivalent(&tel("sip:7042@h")));
}

#[test]
fn whom_a_uri_names_is_not_in_a_log() {
    for text in ["sip:alice@h", "tel:+4930", "mailto:alice"] {
        let printed = format!("{:?}", Uri::parse(text).unwrap());
        assert!(!printed.contains("alice") && !printed.contains("4930"), "{printed}");
    }
}
