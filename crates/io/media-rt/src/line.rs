//! The line between a leg and a service that hears it and speaks to it: a ring each way, and nobody waits.
//!
//! The leg's end is on a media thread: it takes and gives one frame with each beat, without allocation, lock or system call.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};

use hotline_audio::Rate;
use rtrb::{Consumer, Producer, RingBuffer};

/// Frames of 20 ms in each direction. Beyond, what the leg says is dropped and counted; what is said to it is not taken.
pub const LINE_FRAMES_MAX: usize = 25;
/// Samples of a wide frame.
const SAMPLES_MAX: usize = 320;

/// 20 ms of sound.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Frame {
    samples: [i16; SAMPLES_MAX],
    length: usize,
    /// How often the line had been cleared when it was said.
    era: u32,
}

impl Frame {
    /// Up to 20 ms; what is missing is silence, what is too much is left out.
    #[must_use]
    pub fn new(rate: Rate, samples: &[i16]) -> Self {
        let mut frame = Self { samples: [0; SAMPLES_MAX], length: rate.samples(20), era: 0 };
        let length = frame.length.min(samples.len());
        frame.samples[..length].copy_from_slice(&samples[..length]);
        frame
    }

    /// All of it.
    #[must_use]
    pub fn samples(&self) -> &[i16] {
        &self.samples[..self.length]
    }
}

#[derive(Debug, Default)]
struct Shared {
    dropped: AtomicU64,
    taken: AtomicU64,
    era: AtomicU32,
}

/// What the media thread has of a line. Dropping it ends the line.
#[derive(Debug)]
pub struct LegEnd {
    rate: Rate,
    heard: Producer<Frame>,
    said: Consumer<Frame>,
    shared: Arc<Shared>,
}

/// What the service's side has of a line. Dropping it ends the line.
#[derive(Debug)]
pub struct ServiceEnd {
    rate: Rate,
    heard: Consumer<Frame>,
    said: Producer<Frame>,
    shared: Arc<Shared>,
}

/// A line for sound at this rate.
#[must_use]
pub fn line(rate: Rate) -> (LegEnd, ServiceEnd) {
    let (to_service, heard) = RingBuffer::new(LINE_FRAMES_MAX);
    let (said, to_leg) = RingBuffer::new(LINE_FRAMES_MAX);
    let shared = Arc::new(Shared::default());
    let leg = LegEnd { rate, heard: to_service, said: to_leg, shared: Arc::clone(&shared) };
    (leg, ServiceEnd { rate, heard, said, shared })
}

impl LegEnd {
    /// How its sound comes.
    #[must_use]
    pub const fn rate(&self) -> Rate {
        self.rate
    }

    /// Passes on what the leg said in a beat.
    pub fn hear(&mut self, samples: &[i16]) {
        if self.heard.push(Frame::new(self.rate, samples)).is_err() {
            self.shared.dropped.fetch_add(1, Ordering::Relaxed);
        }
    }

    /// Fills the frame of a beat with what is said to the leg; false if there is nothing, and the frame is untouched.
    pub fn say(&mut self, frame: &mut [i16]) -> bool {
        let era = self.shared.era.load(Ordering::Acquire);
        // At most as many as the ring holds: those of before it was cleared.
        for _ in 0..=LINE_FRAMES_MAX {
            let Ok(next) = self.said.pop() else { return false };
            self.shared.taken.fetch_add(1, Ordering::Release);
            if next.era == era {
                let samples = next.samples();
                let length = samples.len().min(frame.len());
                frame[..length].copy_from_slice(&samples[..length]);
                frame[length..].fill(0);
                return true;
            }
        }
        false
    }

    /// True if the service's side is gone.
    #[must_use]
    pub fn is_over(&self) -> bool {
        self.said.is_abandoned()
    }
}

impl ServiceEnd {
    /// How its sound comes.
    #[must_use]
    pub const fn rate(&self) -> Rate {
        self.rate
    }

    /// The next frame that the leg said.
    pub fn heard(&mut self) -> Option<Frame> {
        self.heard.pop().ok()
    }

    /// Says a frame to the leg, after those before it. False if there is no room.
    #[must_use]
    pub fn say(&mut self, frame: &Frame) -> bool {
        let era = self.shared.era.load(Ordering::Relaxed);
        self.said.push(Frame { era, ..*frame }).is_ok()
    }

    /// How many frames wait to be heard by the leg.
    #[must_use]
    pub fn waiting(&self) -> usize {
        LINE_FRAMES_MAX - self.said.slots()
    }

    /// Lets the leg pass over all that was said and not heard yet.
    pub fn clear(&mut self) {
        self.shared.era.fetch_add(1, Ordering::Release);
    }

    /// How many frames the leg took so far, those passed over included.
    #[must_use]
    pub fn taken(&self) -> u64 {
        self.shared.taken.load(Ordering::Acquire)
    }

    /// How many frames of the leg were dropped so far.
    #[must_use]
    pub fn dropped(&self) -> u64 {
        self.shared.dropped.load(Ordering::Relaxed)
    }

    /// True if the leg is gone.
    #[must_use]
    pub fn is_over(&self) -> bool {
        self.said.is_abandoned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(leg: &mut LegEnd) -> Option<i16> {
        let mut frame = [7; 160];
        leg.say(&mut frame).then_some(frame[0])
    }

    #[test]
    fn both_directions_keep_their_order_and_what_does_not_fit_is_counted_or_given_back() {
        let (mut leg, mut service) = line(Rate::Narrow);
        for number in 0..LINE_FRAMES_MAX as i16 + 2 {
            leg.hear(&[number; 160]);
            let is_taken = service.say(&Frame::new(Rate::Narrow, &[number; 160]));
            assert_eq!(is_taken, number < LINE_FRAMES_MAX as i16);
        }
        assert_eq!((service.dropped(), service.waiting()), (2, LINE_FRAMES_MAX));
        for number in 0..LINE_FRAMES_MAX as i16 {
            assert_eq!(service.heard().map(|frame| frame.samples()[159]), Some(number));
            assert_eq!(said(&mut leg), Some(number));
        }
        assert_eq!((service.heard(), said(&mut leg), service.taken()), (None, None, LINE_FRAMES_MAX as u64));
    }

    #[test]
    fn what_was_cleared_is_passed_over_and_what_is_said_after_it_is_not() {
        let (mut leg, mut service) = line(Rate::Narrow);
        let frame = |number| Frame::new(Rate::Narrow, &[number; 160]);
        (1..4).for_each(|number| assert!(service.say(&frame(number))));
        assert_eq!(said(&mut leg), Some(1));
        service.clear();
        assert!(service.say(&frame(9)));
        assert_eq!((said(&mut leg), said(&mut leg)), (Some(9), None));
        assert_eq!(service.taken(), 4);
    }

    #[test]
    fn each_side_notices_that_the_other_is_gone() {
        let (leg, service) = line(Rate::Wide);
        assert!(!leg.is_over() && !service.is_over());
        drop(service);
        assert!(leg.is_over());
        let (leg, service) = line(Rate::Wide);
        drop(leg);
        assert!(service.is_over());
    }

    #[test]
    fn a_short_frame_is_filled_with_silence() {
        assert_eq!(Frame::new(Rate::Wide, &[5; 10]).samples()[9..12], [5, 0, 0]);
        assert_eq!(Frame::new(Rate::Wide, &[5; 999]).samples().len(), 320);
    }
}
