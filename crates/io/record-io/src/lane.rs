//! What one leg says, from its packets to sound that has no short holes.

use core::ops::Range;

use hotline_audio::{Rate, fill_hole};
use hotline_base::LegId;
use hotline_media::{Codec, Decoder};

use crate::blocks::{Block, Blocks};
use crate::ring::Piece;
use crate::workbench::Workbench;

/// A recording joins a G.722 stream in its middle, and its decoder is not in step with the phone's encoder before it has heard so
/// many samples of it: 100 ms. Until then it would make a burst, so there is silence.
const SETTLING: usize = 800;
/// The longest hole that is filled with what is like the sound around it: 60 ms. A longer one is silent.
const HOLE_MAX: u64 = 480;
/// How much of the sound on each side of a hole tells what to fill it with.
pub(crate) const CONTEXT: usize = 390;
/// How much of its predecessor's end a packet may cover so that both are blended: a clock is corrected by half a millisecond for each packet. One that
/// covers more takes the place of what was there.
const BLENDED_MAX: usize = 8;
/// The most samples of a packet: 120 ms.
const PACKET_SAMPLES_MAX: usize = 960;

/// The packets of a leg, in the order of their places, and what of them is decoded and not taken yet.
#[derive(Debug)]
pub(crate) struct Lane {
    pub(crate) leg: LegId,
    pub(crate) side: usize,
    /// It has left; gone when all it said is taken.
    pub(crate) is_over: bool,
    /// For the codec of what was decoded last.
    speech: Speech,
    blocks: Blocks,
    /// The last [`CONTEXT`] samples that were taken, and what is decoded beyond them; empty if that is all silence.
    sound: Vec<i16>,
    /// The place after the last sample decoded.
    heard: Option<u64>,
    /// The place after the last sample that came.
    end: u64,
}

/// How a leg is understood.
#[derive(Debug)]
struct Speech {
    decoder: Decoder,
    /// Samples until it is in step.
    settling: usize,
}

impl Speech {
    fn new(codec: Codec) -> Self {
        let settling = match codec {
            Codec::Pcmu | Codec::Pcma | Codec::Opus | Codec::L16 => 0,
            Codec::G722 => SETTLING,
        };
        Self { decoder: codec.decoder(), settling }
    }

    /// Gives the number of samples.
    fn decode(&mut self, payload: &[u8], sound: &mut [i16]) -> usize {
        let length = self.decoder.decode(payload, sound);
        let settling = self.settling.min(length);
        sound[..settling].fill(0);
        self.settling -= settling;
        length
    }
}

impl Lane {
    pub(crate) fn new(leg: LegId, side: usize, codec: Codec) -> Self {
        Self {
            leg,
            side,
            is_over: false,
            speech: Speech::new(codec),
            blocks: Blocks::default(),
            sound: Vec::new(),
            heard: None,
            end: 0,
        }
    }

    /// Lets a piece wait at its place, after those that are there. False if too many wait: it is left out.
    pub(crate) fn push(&mut self, piece: &Piece) -> bool {
        let is_taken = self.blocks.push(piece);
        if is_taken {
            self.end = self.end.max(piece.position + u64::from(piece.span));
        }
        is_taken
    }

    /// The place after the last sample that came.
    pub(crate) const fn end(&self) -> u64 {
        self.end
    }

    /// Puts what is said in `taken`, which begins where the take before ended, on the workbench; the first sample is at
    /// [`CONTEXT`]. What comes later and tells how to fill a hole is decoded too. A hole for which `may_fill` is false
    /// stays silent. Gives how many samples were filled.
    pub(crate) fn take(
        &mut self,
        taken: &Range<u64>,
        may_fill: impl Fn(Range<u64>) -> bool,
        bench: &mut Workbench,
    ) -> u64 {
        bench.sound.clear();
        bench.sound.extend_from_slice(&self.sound);
        // It fits: it is no more than the window.
        let count = (taken.end - taken.start) as usize;
        let least = CONTEXT + count;
        if bench.sound.len() < least {
            bench.sound.resize(least, 0);
        }
        bench.holes.clear();
        let (mut until, mut recovered) = (taken.end, 0);
        while let Some(next) = self.blocks.first().map(|block| block.at) {
            let gap = self.heard.filter(|heard| *heard < next);
            let is_short = gap.is_some_and(|heard| next - heard <= HOLE_MAX);
            // A gap that begins after the take is not looked at before the next one.
            let is_due = match gap {
                Some(heard) => heard < taken.end && (next < taken.end || is_short),
                None => next < until,
            };
            if !is_due {
                break;
            }
            if let Some(heard) = gap.filter(|heard| is_short && *heard >= taken.start) {
                let hole = index(taken, heard)..index(taken, next);
                if may_fill(heard..next) && self.recover(hole.clone(), bench) {
                    recovered += next - heard;
                } else {
                    bench.holes.push(hole);
                    until = until.max(next + CONTEXT as u64);
                }
            }
            self.decode_next(taken, bench);
        }
        let filled = recovered + fill_holes(taken, may_fill, bench);
        self.keep(&bench.sound[count..]);
        filled
    }

    /// Fills a hole with what the packet behind it says of that (forward error correction); false if it says nothing.
    fn recover(&mut self, hole: Range<usize>, bench: &mut Workbench) -> bool {
        let Some(next) = self.blocks.first() else { return false };
        if next.span == 0 || next.codec != self.speech.decoder.codec() {
            return false;
        }
        if bench.sound.len() < hole.end {
            bench.sound.resize(hole.end, 0);
        }
        self.speech.decoder.recover(self.blocks.payload(next), &mut bench.sound[hole])
    }

    /// Silence was taken beyond all that came.
    pub(crate) fn forget(&mut self) {
        self.sound.clear();
    }

    /// Decodes the first packet to its place. What lies before the take is over.
    fn decode_next(&mut self, taken: &Range<u64>, bench: &mut Workbench) {
        let Some(block) = self.next_packet(bench) else { return };
        if self.speech.decoder.codec() != block.codec {
            self.speech = Speech::new(block.codec);
        }
        let payload = if bench.packet.is_empty() { self.blocks.payload(&block) } else { &bench.packet };
        let begin = index(taken, block.at.max(taken.start));
        let end = begin + usize::from(block.span);
        if bench.sound.len() < end {
            bench.sound.resize(end, 0);
        }
        if block.at >= taken.start {
            let place = &mut bench.sound[begin..end];
            let covered = self.heard.map_or(0, |heard| heard.saturating_sub(block.at));
            // It fits: it is at most the bound.
            let covered = if covered <= BLENDED_MAX as u64 { (covered as usize).min(place.len()) } else { 0 };
            let mut before = [0; BLENDED_MAX];
            before[..covered].copy_from_slice(&place[..covered]);
            self.speech.decode(payload, place);
            fade_over(&before[..covered], place);
        } else {
            // What follows is told from what came before.
            let mut sound = [0; PACKET_SAMPLES_MAX];
            let length = self.speech.decode(payload, &mut sound);
            let missed = usize::try_from(taken.start - block.at).unwrap_or(usize::MAX).min(length);
            let left = &sound[missed..length];
            bench.sound[begin..begin + left.len()].copy_from_slice(left);
        }
        self.heard = self.heard.max(Some(block.end()));
    }

    /// Takes the first packet; one that came in several pieces is put together on the workbench.
    fn next_packet(&mut self, bench: &mut Workbench) -> Option<Block> {
        bench.packet.clear();
        loop {
            let block = self.blocks.pop()?;
            let payload = self.blocks.payload(&block);
            // A ring that was full may have kept the rest of a packet back.
            let goes_on = self.blocks.first().is_some_and(|next| next.at == block.at);
            if block.span > 0 {
                if !bench.packet.is_empty() {
                    bench.packet.extend_from_slice(payload);
                }
                return Some(block);
            }
            if goes_on {
                bench.packet.extend_from_slice(payload);
            } else {
                bench.packet.clear();
            }
        }
    }

    /// Keeps what the next take needs.
    fn keep(&mut self, sound: &[i16]) {
        self.sound.clear();
        self.sound.reserve_exact(sound.len());
        self.sound.extend_from_slice(sound);
    }
}

/// Fills the holes on the workbench, the first ones first; gives how many samples that are.
fn fill_holes(taken: &Range<u64>, may_fill: impl Fn(Range<u64>) -> bool, bench: &mut Workbench) -> u64 {
    let mut filled = 0;
    for place in 0..bench.holes.len() {
        let hole = bench.holes[place].clone();
        let next = bench.holes.get(place + 1).map_or(bench.sound.len(), |next| next.start);
        let at = taken.start + (hole.start - CONTEXT) as u64;
        if may_fill(at..at + hole.len() as u64) {
            let (before, rest) = bench.sound.split_at_mut(hole.start);
            let (lost, after) = rest.split_at_mut(hole.len());
            let before = &before[before.len() - CONTEXT..];
            fill_hole(before, lost, &after[..(next - hole.end).min(CONTEXT)], Rate::Narrow);
            filled += hole.len() as u64;
        }
    }
    filled
}

/// Lets `sound` begin out of what was in its place.
fn fade_over(before: &[i16], sound: &mut [i16]) {
    let of = before.len() as i32 + 1;
    for ((at, before), sample) in (1..).zip(before).zip(sound) {
        let sum = i32::from(*before) * (of - at) + i32::from(*sample) * at;
        *sample = (sum / of) as i16;
    }
}

/// Where on the workbench a place is.
fn index(taken: &Range<u64>, place: u64) -> usize {
    // It fits: it is within the window and what is decoded beyond.
    CONTEXT + (place - taken.start) as usize
}
