//! One media leg with its session description: what was offered, what was agreed, and the command that follows.

use std::collections::VecDeque;

use bytes::Bytes;
use hotline_base::LegId;
use hotline_media as media;
use hotline_sdp::{self as sdp, Codec, Direction, Local, Negotiated};
use serde::{Deserialize, Serialize};

use crate::center::Center;

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

/// A leg whose port is open.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct MediaLeg {
    leg: LegId,
    port: u16,
    /// `o=` identity (RFC 4566 §5.2); the version grows with each description we send.
    session_id: u64,
    version: u64,
    offered: Option<sdp::Session>,
    agreed: Option<Negotiated>,
}

impl MediaLeg {
    pub(crate) const fn new(leg: LegId, port: u16, session_id: u64) -> Self {
        Self { leg, port, session_id, version: 0, offered: None, agreed: None }
    }

    pub(crate) const fn id(&self) -> LegId {
        self.leg
    }

    /// The codec that was agreed.
    pub(crate) fn codec(&self) -> Option<Codec> {
        self.agreed.as_ref().map(|agreed| agreed.codec)
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

    /// Answers the peer's offer (RFC 3264 §6) and points media at the peer.
    pub(crate) fn answer(
        &mut self,
        center: &Center,
        offer: &[u8],
        out: &mut VecDeque<media::Command>,
    ) -> Result<Bytes, DescriptionError> {
        let offer = sdp::parse(offer)?;
        self.version += 1;
        let (answer, agreed) = sdp::answer(&offer, &self.local(center, &center.codecs))?;
        self.agree(agreed, out);
        Ok(Bytes::from(answer.print()))
    }

    /// Makes an offer (RFC 3264 §5) with `first` before our other codecs, so that two legs of a call need no
    /// transcoding if they can do without.
    pub(crate) fn offer(&mut self, center: &Center, first: Option<Codec>) -> Bytes {
        self.version += 1;
        let codecs: Vec<Codec> = first
            .into_iter()
            .chain(center.codecs.iter().copied().filter(|codec| Some(*codec) != first))
            .collect();
        let offer = sdp::offer(&self.local(center, &codecs));
        let text = offer.print();
        self.offered = Some(offer);
        Bytes::from(text)
    }

    /// Takes the peer's answer to our offer (RFC 3264 §7) and points media at the peer.
    pub(crate) fn accept(
        &mut self,
        answer: &[u8],
        out: &mut VecDeque<media::Command>,
    ) -> Result<(), DescriptionError> {
        let answer = sdp::parse(answer)?;
        let offered = self.offered.take().ok_or(DescriptionError::NoOffer)?;
        let agreed = sdp::accept(&offered, &answer)?;
        self.agree(agreed, out);
        Ok(())
    }

    fn local<'a>(&self, center: &Center, codecs: &'a [Codec]) -> Local<'a> {
        Local {
            address: center.media_address,
            port: self.port,
            session_id: self.session_id,
            version: self.version,
            codecs,
            direction: Direction::SendReceive,
        }
    }

    fn agree(&mut self, agreed: Negotiated, out: &mut VecDeque<media::Command>) {
        out.push_back(media::Command::SetRemote {
            leg: self.leg,
            remote: agreed.remote,
            codec: match agreed.codec {
                Codec::Pcmu => media::Codec::Pcmu,
                Codec::Pcma => media::Codec::Pcma,
            },
            payload_type_send: agreed.payload_type_send,
            payload_type_receive: agreed.payload_type_receive,
            telephone_event_send: agreed.telephone_event_send,
            telephone_event_receive: agreed.telephone_event_receive,
            direction: match agreed.direction {
                Direction::SendReceive => media::Direction::SendReceive,
                Direction::SendOnly => media::Direction::SendOnly,
                Direction::ReceiveOnly => media::Direction::ReceiveOnly,
                Direction::Inactive => media::Direction::Inactive,
            },
            ptime_ms: agreed.ptime_ms,
        });
        self.agreed = Some(agreed);
    }
}
