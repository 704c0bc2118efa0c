//! One media leg with its session description: what was offered, what was agreed, and the command that follows.

use std::collections::VecDeque;

use bytes::Bytes;
use hotline_base::{AgentId, LegId, Pii, Rng, TrunkId};
use hotline_media as media;
use hotline_sdp::{self as sdp, Codec, Direction, Fault, Local, Negotiated, Suite, SuiteKey};
use serde::{Deserialize, Serialize};

use crate::center::Center;
use crate::voice::{Encryption, Voice};

/// With what audio may be encrypted, the preferred first. Each takes room in every offer, and an INVITE is to fit into one datagram.
const SUITES: [Suite; 2] = [Suite::AeadAes128Gcm, Suite::AesCm128HmacSha1Tag80];

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
}

/// What we sent last. The next description continues it (RFC 3264 §8).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
enum Described {
    /// Nothing yet.
    Nothing,
    /// An offer that waits for its answer.
    Offered(sdp::Session),
    /// An answer, or an offer that was answered.
    Settled(sdp::Session),
}

impl Described {
    const fn last(&self) -> Option<&sdp::Session> {
        match self {
            Self::Nothing => None,
            Self::Offered(session) | Self::Settled(session) => Some(session),
        }
    }
}

impl MediaLeg {
    pub(crate) fn new(leg: LegId, port: u16, seed: DialogSeed, peer: Peer) -> Self {
        let speech = media::Speech { gain: None, hides_keys: false, is_muted: false };
        Self { leg, port, peer, seed: Box::new(seed), described: Described::Nothing, agreed: None, speech }
    }

    /// The same leg for the dialog of an agent's own phone: it keeps port and codec, and describes itself anew.
    pub(crate) fn succeed(&self, seed: DialogSeed, agent: AgentId) -> Self {
        let agreed = self.agreed.clone();
        Self {
            seed: Box::new(seed),
            peer: Peer::Phone(agent),
            described: Described::Nothing,
            agreed,
            ..*self
        }
    }

    pub(crate) const fn id(&self) -> LegId {
        self.leg
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
        let keys = self.seed.keys();
        let (answer, agreed) = sdp::answer(&offer, &self.local(center, &codecs, &keys))?;
        let text = answer.print();
        self.described = Described::Settled(answer);
        self.agree(agreed, out);
        Ok(Bytes::from(text))
    }

    /// Makes an offer (RFC 3264 §5) with `first` before our other codecs, so that two legs of a call need no
    /// transcoding if they can do without.
    pub(crate) fn offer(&mut self, center: &Center, first: Option<Codec>) -> Bytes {
        let codecs = self.voice(center).preferring(first);
        let keys = self.seed.keys();
        let offer = sdp::offer(&self.local(center, &codecs, &keys));
        let text = offer.print();
        self.described = Described::Offered(offer);
        Bytes::from(text)
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
        let agreed = sdp::accept(&offered, &answer);
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

    fn local<'a>(&'a self, center: &Center, codecs: &'a [Codec], keys: &'a [SuiteKey]) -> Local<'a> {
        Local {
            previous: self.described.last(),
            policy: self.voice(center).policy(self.codec()),
            security: self.encryption(center).security(keys),
            ..Local::new(center.media_address, self.port, self.seed.session_id, codecs)
        }
    }

    fn agree(&mut self, agreed: Negotiated, out: &mut VecDeque<media::Command>) {
        let remote = media::Remote {
            address: agreed.remote,
            rtcp: Some(agreed.remote_rtcp).filter(|to| !to.ip().is_unspecified() && to.port() != 0),
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
}
