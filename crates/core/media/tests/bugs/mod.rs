//! A bug that panics, put where every leg's packets go: it costs one leg, and nobody else notices.

use std::net::SocketAddr;

use crate::world::{A, B, World, address, remote, start_recording};
use hotline_base::{BridgeId, LegId, RecordingId};
use hotline_media::{BEAT, Chunk, Codec, Command, Event, Sink};

/// Panics on one leg's packets or on the end of a recording; counts the others' packets.
#[derive(Default)]
struct Mined {
    leg: Option<LegId>,
    ends: bool,
    sent: u64,
}

impl Sink for Mined {
    fn send(&mut self, leg: LegId, _: SocketAddr, _: &[u8]) {
        assert!(self.leg != Some(leg), "a bug, on purpose");
        self.sent += 1;
    }

    fn report(&mut self, _: LegId, _: SocketAddr, _: bool, _: &[u8]) {}

    fn record(&mut self, _: RecordingId, chunk: Chunk<'_>) {
        assert!(!(self.ends && matches!(chunk, Chunk::Finish { .. })), "a bug, on purpose");
    }
}

fn closed(world: &mut World) -> Vec<LegId> {
    let leg = |event| if let Event::LegClosed { leg, .. } = event { Some(leg) } else { None };
    world.events().into_iter().filter_map(leg).collect()
}

#[test]
fn a_panic_in_a_beat_costs_one_leg_and_no_other_leg_a_packet() {
    let mut world = World::with_two_legs(Codec::Pcmu, Codec::Pcmu);
    let mut out = Mined { leg: Some(A), ..Mined::default() };
    for beat in 1..=50 {
        world.now = world.now + BEAT;
        world.engine.handle_tick(world.now, &mut out);
        assert_eq!(out.sent, beat, "one packet a beat to the other leg, not one more");
        assert!(world.engine.poll_timeout().unwrap().0 > world.now.mono, "no beat is made twice");
    }
    assert_eq!(closed(&mut world), [A]);
    assert_eq!((world.engine.legs(), world.engine.counters().legs_lost), (1, 1));
}

#[test]
fn a_panic_in_a_late_tick_costs_one_leg_and_is_counted_once() {
    let mut world = World::with_two_legs(Codec::Pcmu, Codec::Pcmu);
    let mut out = Mined { leg: Some(A), ..Mined::default() };
    world.wait_ms(100);
    world.engine.handle_tick(world.now, &mut out);
    assert_eq!((out.sent, world.engine.counters().legs_lost), (5, 1));
}

#[test]
fn a_leg_whose_end_panics_too_is_gone_all_the_same_and_its_peer_lives() {
    let mut world = World::with_two_legs(Codec::Pcmu, Codec::Pcmu);
    world.command(start_recording(1, A, B));
    world.command(Command::Bridge { bridge: BridgeId(1), a: A, b: B });
    world.close(B);
    let mut out = Mined { leg: Some(A), ends: true, ..Mined::default() };
    world.now = world.now + BEAT * 40;
    world.engine.handle_tick(world.now, &mut out);
    assert_eq!(closed(&mut world), [A]);
    assert_eq!((world.engine.legs(), world.engine.poll_timeout()), (0, None));
    world.command(Command::OpenLeg { leg: A, call: crate::world::call() });
    world.command(remote(A, Codec::Pcmu));
    world.beat();
    assert_eq!(world.sent_to(A).last().unwrap().to, address(A), "its number can be used again");
}
