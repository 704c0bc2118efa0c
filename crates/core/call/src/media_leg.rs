//! One media leg with its session description: what was offered, what was agreed, and the command that follows.

use std::collections::VecDeque;

use bytes::Bytes;
use hotline_base::{AgentId, LegId, Pii, Rng, TrunkId};
use hotline_media as media;
use hotline_sdp::{
    self as sdp, Browser, Codec, Direction, Fault, IceCredentials, Local, Negotiated, Suite, SuiteKey,
};
use serde::{Deserialize, Serialize};

use crate::center::{Browsers, Center};
use crate::voice::{Encryption, Voice};

/// With what audio may be encrypted, the preferred first. Each takes room in every offer, and an INVITE is to fit into one datagram.
const SUITES: [Suite; 2] = [Suite::AeadAes128Gcm, Suite::AesCm128HmacSha1Tag80];
/// The characters of names and passwords for ICE (RFC 8839 §5.4), and how many we take: of 128 bits of chance in a password
/// none may be missing (§5.4).
const ICE_CHARS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
const UFRAG_CHARS: usize = 8;
const PASSWORD_CHARS: usize = 24;

/// Why a session description cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum DescriptionError {
    /// It is no session description.
    #[error(transparent)]
    Malformed(#[from] sdp::SdpError),
    /// The two sides have nothing in common.
    #[error(transparent)]
    Negotiation(#[from] sdp::NegotiationError),
    /// An answer came that nobody waits for.
    #[error("an answer without an offer")]
    NoOffer,
}

impl DescriptionError {
    /// SIP status and Q.850 cause that tell the peer whose fault it is.
    pub(crate) const fn refusal(&self) -> (u16, u8) {
        let fault = match self {
            Self::Malformed(error) => error.fault(),
            Self::Negotiation(error) => error.fault(),
            Self::NoOffer => Fault::Misbehaved,
        };
        let q850 = match fault {
            Fault::Misbehaved => 95,
            Fault::Incompatible => 88,
        };
        (fault.status(), q850)
    }
}

/// A leg whose port is open.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct MediaLeg {
    leg: LegId,
    port: u16,
    peer: Peer,
    seed: Box<DialogSeed>,
    described: Described,
    agreed: Option<Negotiated>,
    /// Whether the peer's phone is a browser, as far as is known without a description of it.
    is_browser: bool,
    /// How often the peer has begun to look for the way anew (RFC 8445 §9).
    restarts: u32,
    /// What is done to what the peer says.
    speech: media::Speech,
}

/// Who is at the other end.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Peer {
    /// Somebody over a trunk.
    Trunk(TrunkId),
    /// An agent's own phone.
    Phone(AgentId),
}

/// What makes the descriptions of one dialog its own.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct DialogSeed {
    /// `o=` identity (RFC 8866 §5.2).
    session_id: u64,
    /// What our keys are made from: fresh for each dialog, the same within it.
    keys: Pii<[u8; 32]>,
}

impl DialogSeed {
    pub(crate) fn draw(rng: &mut Rng) -> Self {
        let mut keys = [0; 32];
        rng.fill(&mut keys);
        Self { session_id: rng.next_u64() >> 2, keys: Pii::new(keys) }
    }

    /// One key for each suite.
    fn keys(&self) -> [SuiteKey; SUITES.len()] {
        let mut rng = Rng::from_seed(*self.keys.expose());
        SUITES.map(|suite| SuiteKey::generate(suite, |bytes| rng.fill(bytes)))
    }

    /// By what the peer's checks are told: other ones after each restart (RFC 8839 §4.4.1.1.1).
    fn ice(&self, restarts: u32) -> IceCredentials {
        let mut seed = *self.keys.expose();
        // Never the numbers that keys are made of.
        for (byte, number) in seed.iter_mut().zip(restarts.wrapping_add(1).to_le_bytes()) {
            *byte ^= number;
        }
        let mut rng = Rng::from_seed(seed);
        let mut draw = |length: usize| -> String {
            let mut bytes = vec![0; length];
            rng.fill(&mut bytes);
            bytes.into_iter().map(|byte| char::from(ICE_CHARS[usize::from(byte % 64)])).collect()
        };
        IceCredentials { ufrag: draw(UFRAG_CHARS), password: Pii::new(draw(PASSWORD_CHARS)) }
    }
}

/// What we sent last, as it was sent: read again, it takes eight times as much memory, and few calls need it. The next description
/// continues it (RFC 3264 §8).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
enum Described {
    /// Nothing yet.
    Nothing,
    /// An offer that waits for its answer.
    Offered(Bytes),
    /// An answer, or an offer that was answered.
    Settled(Bytes),
}

impl Described {
    fn last(&self) -> Option<sdp::Session> {
        match self {
            Self::Nothing => None,
            Self::Offered(text) | Self::Settled(text) => sdp::parse(text).ok(),
        }
    }
}

impl MediaLeg {
    pub(crate) fn new(leg: LegId, port: u16, seed: DialogSeed, peer: Peer) -> Self {
        let speech = media::Speech { gain: None, hides_keys: false, is_muted: false };
        let (seed, described) = (Box::new(seed), Described::Nothing);
        Self { leg, port, peer, seed, described, agreed: None, is_browser: false, restarts: 0, speech }
    }

    /// The same leg for the dialog of an agent's own phone: it keeps port and codec, and describes itself anew.
    pub(crate) fn succeed(&self, seed: DialogSeed, agent: AgentId) -> Self {
        let agreed = self.agreed.clone();
        Self {
            seed: Box::new(seed),
            peer: Peer::Phone(agent),
            described: Described::Nothing,
            agreed,
            is_browser: false,
            restarts: 0,
            ..*self
        }
    }

    pub(crate) const fn id(&self) -> LegId {
        self.leg
    }

    /// The peer's phone is a browser, or is none: the next dialog's first offer is made for it.
    pub(crate) const fn set_browser(&mut self, is_browser: bool) {
        self.is_browser = is_browser;
    }

    /// Its port.
    pub(crate) const fn port(&self) -> u16 {
        self.port
    }

    /// What is done to what the peer says is this from here on.
    pub(crate) fn set_speech(&mut self, speech: media::Speech, out: &mut VecDeque<media::Command>) {
        let speech = media::Speech { is_muted: self.speech.is_muted, ..speech };
        self.put_speech(speech, out);
    }

    /// Whether nobody hears the peer from here on.
    pub(crate) fn set_muted(&mut self, is_muted: bool, out: &mut VecDeque<media::Command>) {
        self.put_speech(media::Speech { is_muted, ..self.speech }, out);
    }

    fn put_speech(&mut self, speech: media::Speech, out: &mut VecDeque<media::Command>) {
        if std::mem::replace(&mut self.speech, speech) != speech {
            out.push_back(media::Command::SetSpeech { leg: self.leg, speech });
        }
    }

    /// Whether nobody is to get the keys that the peer presses.
    pub(crate) const fn hides_keys(&self) -> bool {
        self.speech.hides_keys
    }

    /// The codec that was agreed.
    pub(crate) fn codec(&self) -> Option<Codec> {
        self.agreed.as_ref().map(|agreed| agreed.codec)
    }

    /// Whether an offer of ours has no answer.
    pub(crate) const fn awaits_answer(&self) -> bool {
        matches!(self.described, Described::Offered(_))
    }

    /// Whether offer and answer are complete.
    pub(crate) const fn is_agreed(&self) -> bool {
        self.agreed.is_some()
    }

    /// Whether the peer is a browser, by what was agreed on with it.
    pub(crate) fn is_met_as_browser(&self) -> bool {
        self.agreed.as_ref().is_some_and(|agreed| agreed.dtls.is_some())
    }

    /// Whether the other side listens: false while it holds us.
    pub(crate) fn remote_listens(&self) -> bool {
        self.agreed
            .as_ref()
            .is_none_or(|agreed| matches!(agreed.direction, Direction::SendReceive | Direction::SendOnly))
    }

    /// Answers the peer's offer (RFC 3264 §6) and points media at the peer. A codec that was agreed stays if the
    /// peer still offers it, so that a hold does not turn a bridge into a transcoder.
    pub(crate) fn answer(
        &mut self,
        center: &Center,
        offer: &[u8],
        out: &mut VecDeque<media::Command>,
    ) -> Result<Bytes, DescriptionError> {
        let offer = sdp::parse(offer)?;
        let codecs = self.voice(center).taking(self.codec());
        let (keys, ice) = (self.seed.keys(), self.seed.ice(self.restarts_with(&offer)));
        let previous = self.described.last();
        let local = Local { previous: previous.as_ref(), ..self.local(center, &codecs, (&keys, &ice)) };
        let (answer, agreed) = sdp::answer(&offer, &local)?;
        self.restarts = self.restarts_with(&offer);
        let text = Bytes::from(answer.print());
        self.described = Described::Settled(text.clone());
        self.agree(agreed, out);
        Ok(text)
    }

    /// Makes an offer (RFC 3264 §5) with `first` before our other codecs, so that two legs of a call need no
    /// transcoding if they can do without.
    pub(crate) fn offer(&mut self, center: &Center, first: Option<Codec>) -> Bytes {
        let codecs = self.voice(center).preferring(first);
        let (keys, ice) = (self.seed.keys(), self.seed.ice(self.restarts));
        let previous = self.described.last();
        let local = Local { previous: previous.as_ref(), ..self.local(center, &codecs, (&keys, &ice)) };
        let text = Bytes::from(sdp::offer(&local).print());
        self.described = Described::Offered(text.clone());
        text
    }

    /// Takes the peer's answer to our offer (RFC 3264 §7) and points media at the peer.
    pub(crate) fn accept(
        &mut self,
        answer: &[u8],
        out: &mut VecDeque<media::Command>,
    ) -> Result<(), DescriptionError> {
        let answer = sdp::parse(answer)?;
        let offered = match std::mem::replace(&mut self.described, Described::Nothing) {
            Described::Offered(offered) => offered,
            other @ (Described::Nothing | Described::Settled(_)) => {
                self.described = other;
                return Err(DescriptionError::NoOffer);
            }
        };
        let agreed = sdp::parse(&offered).map(|offered| sdp::accept(&offered, &answer))?;
        self.described = Described::Settled(offered);
        self.agree(agreed?, out);
        Ok(())
    }

    /// Takes the answer of a 2xx. What was agreed on by UPDATE before it holds (RFC 3311 §5.1). False if there is nothing to
    /// go by.
    pub(crate) fn conclude(&mut self, answer: Option<&Bytes>, out: &mut VecDeque<media::Command>) -> bool {
        self.is_agreed() || answer.is_some_and(|answer| self.accept(answer, out).is_ok())
    }

    fn voice<'a>(&self, center: &'a Center) -> &'a Voice {
        let trunk = match &self.peer {
            Peer::Trunk(trunk) => center.trunks.get(trunk),
            Peer::Phone(_) => None,
        };
        trunk.map_or(&center.voice, |trunk| &trunk.voice)
    }

    /// That of the agent, if it has its own.
    fn encryption(&self, center: &Center) -> Encryption {
        let of_agent = match &self.peer {
            Peer::Trunk(_) => None,
            Peer::Phone(agent) => center.agents.get(agent).and_then(|agent| agent.encryption),
        };
        of_agent.unwrap_or(self.voice(center).encryption)
    }

    /// How often the peer has looked for the way anew if this offer is taken.
    fn restarts_with(&self, offer: &sdp::Session) -> u32 {
        let before = self.agreed.as_ref().and_then(|agreed| agreed.dtls.as_ref());
        let is_another = before
            .is_some_and(|before| offer.ice_ufrag().is_some_and(|offered| offered != before.peer_ufrag));
        self.restarts.wrapping_add(u32::from(is_another))
    }

    fn local<'a>(
        &'a self,
        center: &'a Center,
        codecs: &'a [Codec],
        (keys, credentials): (&'a [SuiteKey], &'a IceCredentials),
    ) -> Local<'a> {
        let browser = |browsers: &'a Browsers| Browser {
            is_peer: self.is_browser,
            credentials,
            fingerprint: &browsers.fingerprint,
            addresses: &browsers.addresses,
            tcp: &browsers.tcp,
            is_client: match self.described {
                Described::Nothing => None,
                Described::Offered(_) | Described::Settled(_) => {
                    self.agreed.as_ref().and_then(|agreed| Some(agreed.dtls.as_ref()?.is_client))
                }
            },
        };
        Local {
            browser: center.browsers.as_ref().map(browser),
            policy: self.voice(center).policy(self.codec()),
            security: self.encryption(center).security(keys),
            ..Local::new(center.media_address, self.port, self.seed.session_id, codecs)
        }
    }

    fn agree(&mut self, agreed: Negotiated, out: &mut VecDeque<media::Command>) {
        let remote = media::Remote {
            address: agreed.remote,
            rtcp: Some(agreed.remote_rtcp)
                .filter(|to| agreed.dtls.is_some() || (!to.ip().is_unspecified() && to.port() != 0)),
            rtcp_mux: agreed.rtcp_mux,
            codec: match agreed.codec {
                Codec::Pcmu => media::Codec::Pcmu,
                Codec::Pcma => media::Codec::Pcma,
                Codec::G722 => media::Codec::G722,
                Codec::Opus => media::Codec::Opus,
                Codec::L16 => media::Codec::L16,
            },
            opus: opus(agreed.opus),
            payload_type_send: agreed.payload_type_send,
            payload_type_receive: agreed.payload_type_receive,
            telephone_event_send: agreed.telephone_event_send,
            telephone_event_receive: agreed.telephone_event_receive,
            telephone_event_clock_factor: (agreed.telephone_event_clock_hz / 8000).max(1),
            comfort_noise_receive: agreed.comfort_noise_receive,
            direction: match agreed.direction {
                Direction::SendReceive => media::Direction::SendReceive,
                Direction::SendOnly => media::Direction::SendOnly,
                Direction::ReceiveOnly => media::Direction::ReceiveOnly,
                Direction::Inactive => media::Direction::Inactive,
            },
            ptime_ms: agreed.ptime_ms,
            srtp: agreed.srtp.as_ref().map(srtp).map(Box::new),
            dtls: agreed.dtls.as_deref().map(dtls).map(Box::new),
        };
        out.push_back(media::Command::SetRemote { leg: self.leg, remote });
        self.agreed = Some(agreed);
    }
}

/// The keys as the media plane takes them: never none where encryption was agreed on.
fn srtp(agreed: &sdp::Srtp) -> media::Srtp {
    use media::srtp::{self, MasterKey, PeerKey};
    let suite = match agreed.suite {
        Suite::AesCm128HmacSha1Tag80 => srtp::Suite::AesCm128HmacSha1Tag80,
        Suite::AesCm128HmacSha1Tag32 => srtp::Suite::AesCm128HmacSha1Tag32,
        Suite::AesCm256HmacSha1Tag80 => srtp::Suite::AesCm256HmacSha1Tag80,
        Suite::AesCm256HmacSha1Tag32 => srtp::Suite::AesCm256HmacSha1Tag32,
        Suite::AeadAes128Gcm => srtp::Suite::AeadAes128Gcm,
        Suite::AeadAes256Gcm => srtp::Suite::AeadAes256Gcm,
    };
    let key = |key: &sdp::MasterKey| {
        MasterKey::new(suite, key.key(), key.salt())
            .expect("a key is read and made with the lengths of its suite")
    };
    let theirs = agreed.theirs.iter().map(|theirs| {
        let mki = theirs.mki.map(|sdp::Mki { value, bytes }| srtp::Mki { value, bytes });
        PeerKey { key: key(&theirs.key), mki }
    });
    media::Srtp { ours: key(&agreed.ours), theirs: theirs.collect() }
}

/// How a browser is found and known, as the media plane takes it.
fn dtls(agreed: &sdp::Dtls) -> media::Dtls {
    let sdp::Dtls { ours, peer_ufrag, fingerprints, is_client } = agreed.clone();
    let fingerprint = |theirs: sdp::Fingerprint| media::Fingerprint {
        hash: match theirs.hash {
            sdp::Hash::Sha256 => media::Hash::Sha256,
            sdp::Hash::Sha384 => media::Hash::Sha384,
            sdp::Hash::Sha512 => media::Hash::Sha512,
        },
        value: theirs.value,
    };
    let fingerprints = fingerprints.into_iter().map(fingerprint).collect();
    media::Dtls { ufrag: ours.ufrag, password: ours.password, peer_ufrag, fingerprints, is_client }
}

/// How an Opus stream is made as its receiver wishes.
fn opus(wishes: Option<sdp::OpusWishes>) -> media::Opus {
    let sdp::OpusWishes { bitrate_max, fec, dtx } = wishes.unwrap_or_default();
    media::Opus { bitrate_max, fec, dtx }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;
    use std::time::Duration;

    use hotline_sdp::Preference;
    use hotline_sip::uri::Host;

    use super::*;
    use crate::center::{RecordingPolicy, Timing};
    use crate::number::DialPlan;
    use crate::speech::SpeechPolicy;
    use crate::trunk::{Format, Identity, Numbers, Trunk};

    fn center() -> Center {
        Center {
            web: crate::guests::Web::default(),
            dial_plan: DialPlan::default(),
            numbers: BTreeMap::new(),
            flows: std::sync::Arc::default(),
            areas: BTreeMap::new(),
            zone: hotline_hours::Zone::utc(),
            queues: BTreeMap::new(),
            agents: BTreeMap::new(),
            staffing: crate::Staffing::default(),
            trunks: BTreeMap::new(),
            routes: Vec::new(),
            hours: BTreeMap::new(),
            screening: crate::screening::Screening::default(),
            crm: None,
            language: "en".to_owned(),
            domain: Host::Name("center.example".into()),
            media_address: "192.0.2.10".parse().expect("an address"),
            browsers: None,
            voice: Voice { codecs: vec![Codec::Pcmu, Codec::Pcma], also_taken: vec![], ..Voice::default() },
            speech: SpeechPolicy::default(),
            parties_max: 8,
            tells_of_listening: false,
            recording: RecordingPolicy::default(),
            timing: Timing::default(),
        }
    }

    fn trunk(id: TrunkId, voice: Voice) -> Trunk {
        Trunk {
            id,
            servers: Vec::new(),
            login: None,
            account: None,
            probe: None,
            calls_max: None,
            calls_per_second: None,
            response_timeout: Duration::from_secs(4),
            ring_timeout: Duration::from_secs(60),
            numbers: Numbers { format: Format::E164, prefix: String::new(), dial_plan: None },
            caller_id: None,
            identity: Identity::From,
            domain: None,
            voice,
            headers: Vec::new(),
        }
    }

    fn seed(session_id: u64) -> DialogSeed {
        DialogSeed { session_id, ..DialogSeed::draw(&mut Rng::from_number(session_id)) }
    }

    fn phone() -> Peer {
        Peer::Phone(AgentId::from("1001"))
    }

    fn described(media: &str) -> String {
        format!("v=0\r\no=- 1 1 IN IP4 198.51.100.5\r\ns=-\r\nc=IN IP4 198.51.100.5\r\nt=0 0\r\n{media}")
    }

    fn answer(leg: &mut MediaLeg, media: &str) -> Result<String, DescriptionError> {
        let answer = leg.answer(&center(), described(media).as_bytes(), &mut VecDeque::new())?;
        Ok(String::from_utf8(answer.to_vec()).expect("text"))
    }

    #[test]
    fn the_version_follows_what_is_said_and_the_codec_stays() {
        let mut leg = MediaLeg::new(LegId(1), 20_000, seed(7), phone());
        let first = answer(&mut leg, "m=audio 4000 RTP/AVP 8\r\n").unwrap();
        assert!(first.contains("o=- 7 1 ") && first.contains("m=audio 20000 RTP/AVP 8\r\n"), "{first}");
        let refreshed = answer(&mut leg, "m=audio 4000 RTP/AVP 0 8\r\n").unwrap();
        assert_eq!(refreshed, first, "the bridge goes on without transcoding");
        let held = answer(&mut leg, "m=audio 4000 RTP/AVP 0 8\r\na=sendonly\r\n").unwrap();
        assert!(held.contains("o=- 7 2 ") && held.contains("a=recvonly\r\n"), "{held}");
        assert!(!leg.remote_listens());
        let ours = leg.offer(&center(), leg.codec());
        assert!(String::from_utf8_lossy(&ours).contains("o=- 7 3 "));
        let taken = described("m=audio 4000 RTP/AVP 8\r\n");
        leg.accept(taken.as_bytes(), &mut VecDeque::new()).unwrap();
        assert!(leg.remote_listens());
        let twice = leg.accept(taken.as_bytes(), &mut VecDeque::new());
        assert_eq!(twice, Err(DescriptionError::NoOffer));
    }

    #[test]
    fn a_trunk_has_codecs_of_its_own_and_may_choose() {
        let mut center = center();
        let id = TrunkId::from("carrier");
        let voice = Voice {
            codecs: vec![Codec::Pcma, Codec::G722],
            choice: Preference::Theirs,
            packet_ms: 30,
            also_taken: vec![],
            encryption: Encryption::default(),
        };
        center.trunks.insert(id.clone(), trunk(id.clone(), voice));
        let mut leg = MediaLeg::new(LegId(1), 20_000, seed(7), Peer::Trunk(id));
        let mut answer = |media: &str| {
            let answer = leg.answer(&center, described(media).as_bytes(), &mut VecDeque::new()).unwrap();
            String::from_utf8(answer.to_vec()).unwrap()
        };
        let first = answer("m=audio 4000 RTP/AVP 0 9 8\r\n");
        assert!(first.contains("m=audio 20000 RTP/AVP 9\r\n") && first.contains("a=ptime:30"), "{first}");
        let again = answer("m=audio 4000 RTP/AVP 8 9\r\n");
        assert!(again.contains("m=audio 20000 RTP/AVP 9\r\n"), "what was agreed stays: {again}");
        // A desk phone takes the place of the one behind the trunk.
        let pcmu = described("m=audio 4000 RTP/AVP 0\r\n");
        assert!(leg.answer(&center, pcmu.as_bytes(), &mut VecDeque::new()).is_err(), "not over the trunk");
        let mut phone = leg.succeed(seed(8), AgentId::from("1001"));
        assert!(phone.answer(&center, pcmu.as_bytes(), &mut VecDeque::new()).is_ok());
        let offer = leg.offer(&center, Some(Codec::Pcmu));
        let offer = String::from_utf8_lossy(&offer).into_owned();
        assert!(offer.contains("m=audio 20000 RTP/AVP 8 9 101\r\n"), "PCMU is not for this trunk: {offer}");
    }

    #[test]
    fn a_description_that_cannot_be_used_changes_nothing_and_says_whose_fault_it_is() {
        let mut leg = MediaLeg::new(LegId(1), 20_000, seed(7), phone());
        let first = answer(&mut leg, "m=audio 4000 RTP/AVP 0\r\n").unwrap();
        let before = leg.clone();
        let fax = answer(&mut leg, "m=image 4000 udptl t38\r\n").unwrap_err();
        assert_eq!(fax.refusal(), (488, 88));
        let encrypted = answer(&mut leg, "m=audio 4000 RTP/SAVP 0\r\n").unwrap_err();
        assert_eq!(encrypted.refusal(), (488, 88), "there is no key");
        let malformed = answer(&mut leg, "m=audio\r\n").unwrap_err();
        assert_eq!(malformed.refusal(), (400, 95));
        assert_eq!(leg, before);
        assert_eq!(answer(&mut leg, "m=audio 4000 RTP/AVP 0\r\n").unwrap(), first);
    }

    /// 16 bytes of key and 14 of salt.
    const KEY: &str = "inline:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";

    fn srtp_of(out: &VecDeque<media::Command>) -> Option<&media::Srtp> {
        match out.back() {
            Some(media::Command::SetRemote { remote, .. }) => remote.srtp.as_deref(),
            _ => None,
        }
    }

    #[test]
    fn audio_is_encrypted_if_that_is_offered_and_the_key_stays_within_the_dialog() {
        let offer =
            described(&format!("m=audio 4000 RTP/SAVP 0\r\na=crypto:3 AES_CM_128_HMAC_SHA1_80 {KEY}\r\n"));
        let mut leg = MediaLeg::new(LegId(1), 20_000, seed(7), phone());
        let mut out = VecDeque::new();
        let first = leg.answer(&center(), offer.as_bytes(), &mut out).unwrap();
        let text = String::from_utf8(first.to_vec()).unwrap();
        assert!(text.contains("m=audio 20000 RTP/SAVP 0\r\n"), "{text}");
        assert!(text.contains("a=crypto:3 AES_CM_128_HMAC_SHA1_80 inline:"), "{text}");
        let agreed = srtp_of(&out).expect("the media plane has the keys").clone();
        assert_eq!(agreed.theirs.len(), 1);
        assert_eq!(leg.answer(&center(), offer.as_bytes(), &mut out).unwrap(), first);
        assert_eq!(srtp_of(&out), Some(&agreed), "a hold changes no key");
        let mut next = leg.succeed(seed(8), AgentId::from("1001"));
        next.answer(&center(), offer.as_bytes(), &mut out).unwrap();
        assert_ne!(srtp_of(&out), Some(&agreed), "another dialog has other keys");
    }

    #[test]
    fn an_agent_whose_audio_is_to_be_encrypted_is_offered_and_gives_nothing_else() {
        let mut center = center();
        center.agents.insert(
            AgentId::from("1001"),
            crate::Agent { encryption: Some(Encryption::Required), ..crate::Agent::new("Ada", "1001") },
        );
        let mut leg = MediaLeg::new(LegId(1), 20_000, seed(7), phone());
        let offer = String::from_utf8(leg.offer(&center, None).to_vec()).unwrap();
        assert!(offer.contains("RTP/SAVP"), "{offer}");
        assert!(offer.contains("a=crypto:1 AEAD_AES_128_GCM inline:"), "{offer}");
        assert!(offer.contains("a=crypto:2 AES_CM_128_HMAC_SHA1_80 inline:"), "{offer}");
        let plain = described("m=audio 4000 RTP/AVP 0\r\n");
        assert!(leg.accept(plain.as_bytes(), &mut VecDeque::new()).is_err());
        assert!(leg.answer(&center, plain.as_bytes(), &mut VecDeque::new()).is_err());
        center.voice.encryption = Encryption::Never;
        let mut other = MediaLeg::new(LegId(2), 20_002, seed(9), Peer::Phone(AgentId::from("1002")));
        let offered =
            described(&format!("m=audio 4000 RTP/SAVP 0\r\na=crypto:1 AES_CM_128_HMAC_SHA1_80 {KEY}\r\n"));
        assert!(other.answer(&center, offered.as_bytes(), &mut VecDeque::new()).is_err());
    }

    fn browsers() -> Browsers {
        let fingerprint = sdp::Fingerprint { hash: sdp::Hash::Sha256, value: vec![0xAB; 32] };
        Browsers { fingerprint, addresses: vec!["203.0.113.7".parse().expect("an address")], tcp: Vec::new() }
    }

    /// The media line of a browser whose checks and certificate have these names.
    fn browser(ufrag: &str, setup: &str, certificate: u8) -> String {
        let fingerprint = vec![format!("{certificate:02X}"); 32].join(":");
        described(&format!(
            "m=audio 9 UDP/TLS/RTP/SAVPF 0\r\na=ice-ufrag:{ufrag}\r\na=ice-pwd:0123456789abcdefghijklmn\r\n\
             a=fingerprint:sha-256 {fingerprint}\r\na=setup:{setup}\r\na=rtcp-mux\r\na=mid:0\r\n"
        ))
    }

    fn dtls_of(out: &VecDeque<media::Command>) -> media::Dtls {
        match out.back() {
            Some(media::Command::SetRemote { remote, .. }) => *remote.dtls.clone().expect("a browser"),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn a_browser_is_offered_what_it_speaks_and_gets_other_names_only_if_it_looks_for_the_way_anew() {
        let center = Center { browsers: Some(browsers()), ..center() };
        let (mut leg, mut out) = (MediaLeg::new(LegId(1), 20_000, seed(7), phone()), VecDeque::new());
        leg.set_browser(true);
        let offer = String::from_utf8(leg.offer(&center, None).to_vec()).unwrap();
        assert!(offer.contains("UDP/TLS/RTP/SAVPF") && offer.contains("a=setup:actpass"), "{offer}");
        assert!(offer.contains("a=candidate:1 1 udp 2130706431 203.0.113.7 20000 typ host"), "{offer}");
        leg.accept(browser("first", "active", 1).as_bytes(), &mut out).unwrap();
        let first = dtls_of(&out);
        assert!(offer.contains(&format!("a=ice-ufrag:{}\r\n", first.ufrag)), "{offer}");
        assert!((first.ufrag.len(), first.password.expose().len()) == (8, 24) && !first.is_client);

        leg.answer(&center, browser("first", "actpass", 1).as_bytes(), &mut out).unwrap();
        assert_eq!(dtls_of(&out), first, "a hold changes no name");
        leg.answer(&center, browser("again", "actpass", 1).as_bytes(), &mut out).unwrap();
        let again = dtls_of(&out);
        assert_eq!((again.peer_ufrag.as_str(), &again.fingerprints), ("again", &first.fingerprints));
        assert!(again.ufrag != first.ufrag && again.password != first.password);
        leg.answer(&center, browser("again", "actpass", 1).as_bytes(), &mut out).unwrap();
        assert_eq!(dtls_of(&out), again);

        // The page was loaded anew.
        let mut next = leg.succeed(seed(8), AgentId::from("1001"));
        next.answer(&center, browser("other", "actpass", 2).as_bytes(), &mut out).unwrap();
        let other = dtls_of(&out);
        assert!(other.ufrag != again.ufrag && other.fingerprints != again.fingerprints);
    }

    #[test]
    fn a_browser_that_says_too_little_is_refused_in_words() {
        let center = Center { browsers: Some(browsers()), ..center() };
        let mut leg = MediaLeg::new(LegId(1), 20_000, seed(7), phone());
        let offer = browser("first", "actpass", 1).replace("a=rtcp-mux\r\n", "");
        let refused = leg.answer(&center, offer.as_bytes(), &mut VecDeque::new()).unwrap_err();
        assert_eq!(refused.refusal(), (488, 88));
        assert_eq!(refused.to_string(), "RTCP on the port of RTP is required (a=rtcp-mux)");
    }
}
