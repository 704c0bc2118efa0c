//! Encrypted streams with keys in the description (RFC 4568).

use hotline_sdp::{
    Crypto, KEYS_MAX, Local, Mki, NegotiationError, Security, Srtp, Suite, SuiteKey, accept, answer, offer,
};

use crate::{answered_by, lines, local, read, with_media};

const KEY_A: &str = "WVNfX19zZW1jdGwgKCkgewkyMjA7fQp9CnVubGVz";
const KEY_B: &str = "NzB4d1BINUAvLEw6UzF3WSJ+PSdFcGdUJShpX1Zj";
const AUDIO: &str = "m=audio 4000 RTP/SAVP 0\r\n";

/// A key for each suite, all bytes equal to its place in the list.
fn keys(suites: &[Suite]) -> Vec<SuiteKey> {
    (1..).zip(suites).map(|(byte, suite)| SuiteKey::generate(*suite, |bytes| bytes.fill(byte))).collect()
}

fn crypto(value: &str) -> Option<Crypto> {
    read(&with_media(&format!("{AUDIO}a=crypto:{value}\r\n"))).media[0].crypto.first().cloned()
}

#[test]
fn the_example_of_the_rfc_is_read() {
    // RFC 4568 §9.1, each part once.
    let line =
        crypto(&format!("1 AES_CM_128_HMAC_SHA1_80 inline:{KEY_A}|2^20|1:4;inline:{KEY_B}|2^20|2:4 WSH=64"))
            .unwrap();
    assert_eq!((line.tag, line.suite), (1, Suite::AesCm128HmacSha1Tag80));
    assert_eq!(line.parameters, ["WSH=64"]);
    let key = &line.keys[1];
    assert_eq!((key.lifetime, key.mki), (Some(1 << 20), Some(Mki { value: 2, bytes: 4 })));
    assert_eq!(line.keys[0].key.key(), b"YS___semctl () {");
    assert_eq!(line.keys[0].key.salt(), b"\t220;}\n}\nunles");
}

#[test]
fn each_form_of_a_key_is_read_or_left_out() {
    let read = |keys: &str| crypto(&format!("1 AES_CM_128_HMAC_SHA1_80 {keys}"));
    for good in [
        format!("inline:{KEY_A}"),
        format!("INLINE:{KEY_A}"),
        format!("inline:{KEY_A}|2^48"),
        format!("inline:{KEY_A}|1000"),
        format!("inline:{KEY_A}|1:1"),
        format!("inline:{KEY_A}|2^31|255:1"),
        format!("inline:{KEY_A}|18446744073709551615:8"),
    ] {
        assert!(read(&good).is_some(), "{good}");
    }
    for bad in [
        String::new(),
        KEY_A.to_owned(),
        format!("uri:{KEY_A}"),
        format!("inline:{}", &KEY_A[1..]),
        format!("inline:{KEY_A}A"),
        "inline:".to_owned(),
        format!("inline:{KEY_A}|2^49"),
        format!("inline:{KEY_A}|2^-1"),
        format!("inline:{KEY_A}|0"),
        format!("inline:{KEY_A}|256:1"),
        format!("inline:{KEY_A}|1:0"),
        format!("inline:{KEY_A}|1:9"),
        format!("inline:{KEY_A}|1:1|2^20"),
        format!("inline:{KEY_A}|2^20|1:1|"),
        format!("inline:{KEY_A};inline:{KEY_B}"),
        format!("inline:{KEY_A}|1:1;inline:{KEY_B}"),
        vec![format!("inline:{KEY_A}|1:1"); KEYS_MAX + 1].join(";"),
    ] {
        assert!(read(&bad).is_none(), "{bad}");
    }
    assert!(crypto(&format!("+1 AES_CM_128_HMAC_SHA1_80 inline:{KEY_A}")).is_none());
    assert!(crypto(&format!("1 F8_128_HMAC_SHA1_80 inline:{KEY_A}")).is_none(), "not spoken by anybody");
    assert!(crypto(&format!("1 aes_cm_128_hmac_sha1_32 inline:{KEY_A}")).is_some());
}

#[test]
fn every_suite_has_keys_of_its_length() {
    for suite in Suite::ALL {
        let keys = keys(&[suite]);
        let local = Local { security: Security::Required(&keys), ..local() };
        let ours = offer(&local);
        let text = ours.print();
        assert!(text.contains(&format!("a=crypto:1 {} inline:", suite.name())), "{text}");
        assert_eq!(read(&text), ours);
        let key = &ours.media[0].crypto[0].keys[0].key;
        assert_eq!((key.key().len(), key.salt().len()), (suite.key_bytes(), suite.salt_bytes()));
    }
}

#[test]
fn both_sides_come_to_the_same_keys() {
    let ours = keys(&[Suite::AeadAes256Gcm, Suite::AesCm128HmacSha1Tag80]);
    let theirs = [SuiteKey::generate(Suite::AesCm128HmacSha1Tag80, |bytes| bytes.fill(9))];
    let offered = offer(&Local { security: Security::Required(&ours), ..local() });
    let text = offered.print();
    assert_eq!(lines(&text, "m="), ["m=audio 20000 RTP/SAVP 0 8 101"]);
    let callee = Local { port: 30000, security: Security::IfOffered(&theirs), ..local() };
    let (answered, at_callee) = answer(&read(&text), &callee).unwrap();
    assert!(answered.print().contains("a=crypto:2 AES_CM_128_HMAC_SHA1_80 inline:CQkJ"));
    let at_caller = accept(&offered, &read(&answered.print())).unwrap().srtp.unwrap();
    let at_callee = at_callee.srtp.unwrap();
    assert_eq!((&at_caller.ours, &at_caller.theirs[0].key), (&ours[1].key, &theirs[0].key));
    assert_eq!((&at_callee.ours, &at_callee.theirs[0].key), (&theirs[0].key, &ours[1].key));
    assert_eq!((at_caller.suite, at_callee.suite), (theirs[0].suite, theirs[0].suite));
}

#[test]
fn their_order_decides_among_what_is_understood() {
    let ours = keys(&[Suite::AesCm128HmacSha1Tag32, Suite::AesCm128HmacSha1Tag80]);
    let local = Local { security: Security::IfOffered(&ours), ..local() };
    let taken = |lines: &str| {
        let offered = with_media(&format!("{AUDIO}{lines}"));
        answered_by(&offered, &local).map(|(_, negotiated)| negotiated.srtp.map(|srtp: Srtp| srtp.suite))
    };
    let (tag_80, tag_32) = (Suite::AesCm128HmacSha1Tag80, Suite::AesCm128HmacSha1Tag32);
    let line = |tag: u32, suite: Suite, rest: &str| {
        format!("a=crypto:{tag} {} inline:{KEY_A}{rest}\r\n", suite.name())
    };
    let both = |rest| line(1, tag_80, rest) + &line(2, tag_32, "");
    assert_eq!(taken(&both("")), Ok(Some(tag_80)));
    assert_eq!(taken(&both(" WSH=128 -SPECIAL=1")), Ok(Some(tag_80)));
    for changes_packets in [" UNENCRYPTED_SRTCP", " KDR=1", " FEC_ORDER=FEC_SRTP", " SPECIAL=1"] {
        assert_eq!(taken(&both(changes_packets)), Ok(Some(tag_32)), "{changes_packets}");
        assert_eq!(taken(&line(1, tag_80, changes_packets)), Err(NegotiationError::NoCommonSuite));
    }
    assert_eq!(taken(""), Err(NegotiationError::NoCommonSuite), "keys come by another way");
}

#[test]
fn what_must_be_encrypted_is_and_what_may_not_is_not() {
    let ours = keys(&[Suite::AesCm128HmacSha1Tag80]);
    let encrypted = with_media(&format!("{AUDIO}a=crypto:7 AES_CM_128_HMAC_SHA1_80 inline:{KEY_A}\r\n"));
    let plain = encrypted.replace("SAVP", "AVP");
    let by = |security, offered: &str| {
        let local = Local { security, ..local() };
        answered_by(offered, &local)
            .map(|(text, negotiated)| (negotiated.srtp.is_some(), text.contains("a=crypto:7 ")))
    };
    assert_eq!(by(Security::Plain, &plain), Ok((false, false)));
    assert_eq!(by(Security::Plain, &encrypted), Err(NegotiationError::UnsupportedTransport));
    assert_eq!(by(Security::IfOffered(&ours), &plain), Ok((false, false)));
    assert_eq!(by(Security::IfOffered(&ours), &encrypted), Ok((true, true)));
    assert_eq!(by(Security::Required(&ours), &plain), Err(NegotiationError::EncryptionRequired));
    assert_eq!(by(Security::Required(&ours), &encrypted), Ok((true, true)));
    let dtls = encrypted.replace("RTP/SAVP", "UDP/TLS/RTP/SAVP");
    assert_eq!(by(Security::Required(&ours), &dtls), Err(NegotiationError::UnsupportedTransport));
}

#[test]
fn an_answer_takes_one_key_that_was_offered() {
    let ours = keys(&[Suite::AesCm128HmacSha1Tag80, Suite::AesCm128HmacSha1Tag32]);
    let offered = offer(&Local { security: Security::Required(&ours), ..local() });
    let taken = |lines: &str| accept(&offered, &read(&with_media(&format!("{AUDIO}{lines}")))).map(|_| ());
    let line = |tag: u32, suite: &str| format!("a=crypto:{tag} {suite} inline:{KEY_A}\r\n");
    let (tag_80, tag_32) = (line(1, "AES_CM_128_HMAC_SHA1_80"), line(2, "AES_CM_128_HMAC_SHA1_32"));
    assert_eq!(taken(&tag_80), Ok(()));
    assert_eq!(taken(&tag_32), Ok(()));
    let not_offered = Err(NegotiationError::KeyNotOffered);
    assert_eq!(taken(""), not_offered);
    assert_eq!(taken(&(tag_80.clone() + &tag_32)), not_offered);
    assert_eq!(taken(&line(3, "AES_CM_128_HMAC_SHA1_80")), not_offered);
    assert_eq!(taken(&line(1, "AES_CM_128_HMAC_SHA1_32")), not_offered);
    let other_packets = tag_80.replace("\r\n", " UNENCRYPTED_SRTP\r\n");
    assert_eq!(taken(&other_packets), Err(NegotiationError::NoCommonSuite));
    assert_eq!(NegotiationError::KeyNotOffered.status(), 400);
}

#[test]
fn no_answer_turns_encryption_off_or_on() {
    let ours = keys(&[Suite::AesCm128HmacSha1Tag80]);
    let encrypted = offer(&Local { security: Security::Required(&ours), ..local() });
    let plain_answer = read(&with_media("m=audio 4000 RTP/AVP 0\r\n"));
    assert_eq!(accept(&encrypted, &plain_answer), Err(NegotiationError::EncryptionRequired));
    let answer = format!("{AUDIO}a=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:{KEY_A}\r\n");
    let encrypted_answer = read(&with_media(&answer));
    assert_eq!(accept(&offer(&local()), &encrypted_answer), Err(NegotiationError::UnsupportedTransport));
}

#[test]
fn an_encrypted_stream_stays_encrypted_in_our_offers() {
    let ours = keys(&[Suite::AesCm128HmacSha1Tag80]);
    let local = Local { security: Security::IfOffered(&ours), ..local() };
    assert_eq!(lines(&offer(&local).print(), "m="), ["m=audio 20000 RTP/AVP 0 8 101"]);
    let theirs =
        format!("{}a=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:{KEY_A}\r\n", AUDIO.replace("SAVP", "SAVPF"));
    let (answered, _) = answer(&read(&with_media(&theirs)), &local).unwrap();
    let text = offer(&Local { previous: Some(&answered), ..local }).print();
    assert_eq!(lines(&text, "m="), ["m=audio 20000 RTP/SAVPF 0 8 101"]);
    assert_eq!(lines(&text, "a=crypto").len(), 1);
}

#[test]
fn keys_do_not_reach_logs() {
    let ours = [SuiteKey::generate(Suite::AesCm128HmacSha1Tag80, |bytes| bytes.fill(0x5a))];
    let local = Local { security: Security::IfOffered(&ours), ..local() };
    let offered =
        read(&with_media(&format!("{AUDIO}a=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:{KEY_A}|2^20\r\n")));
    let agreed = answer(&offered, &local).unwrap();
    for text in [format!("{local:?}"), format!("{offered:?}"), format!("{agreed:?}"), format!("{agreed:#?}")]
    {
        assert!(text.contains("***") && !text.contains("90") && !text.contains("WVNf"), "{text}");
    }
}
