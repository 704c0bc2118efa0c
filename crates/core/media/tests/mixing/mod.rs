//! Conferences and supervisors, proved by tones: one into each leg, and a filter on what every leg hears.

use hotline_audio::{Rate, Tone, tone_dbfs};
use hotline_base::{BridgeId, LegId};
use hotline_media::{Codec, Command, Encoder, Opus, Party, Supervision};

use crate::world::{World, call, remote};

const BRIDGE: BridgeId = BridgeId(1);
/// What the legs say, none a multiple of another.
const TONES_HZ: [f64; 8] = [440.0, 610.0, 790.0, 1010.0, 1270.0, 1530.0, 1790.0, 2150.0];

/// Phones that say a tone each.
struct Room {
    world: World,
    phones: Vec<Phone>,
    packet: u16,
}

struct Phone {
    leg: LegId,
    codec: Codec,
    encoder: Encoder,
    tone: Tone,
}

impl Room {
    fn of(codecs: &[Codec]) -> Self {
        Self::loud(codecs, -18.0)
    }

    fn loud(codecs: &[Codec], level_dbfs: f64) -> Self {
        let mut world = World::with_two_legs(codecs[0], codecs[1]);
        let mut phones = Vec::new();
        for (number, (&codec, hz)) in (0..).zip(codecs.iter().zip(TONES_HZ)) {
            let leg = LegId(number);
            if number > 1 {
                world.command(Command::OpenLeg { leg, call: call() });
                world.command(remote(leg, codec));
            }
            let encoder = codec.encoder(Opus::default());
            phones.push(Phone { leg, codec, encoder, tone: Tone::new(hz, level_dbfs, 8000) });
        }
        Self { world, phones, packet: 0 }
    }

    fn legs(&self) -> Vec<LegId> {
        self.phones.iter().map(|phone| phone.leg).collect()
    }

    fn connect(&mut self, parties: Vec<Party>) {
        self.world.command(Command::Connect { bridge: BRIDGE, parties });
    }

    /// Lets all of them talk for so many seconds; only what is heard from here on is kept.
    fn talk(&mut self, seconds: u16) {
        self.world.sent.clear();
        for _ in 0..seconds * 50 {
            self.packet += 1;
            // Some of the beat passes before the packets come.
            self.world.wait_ms(7);
            for phone in &mut self.phones {
                let said: Vec<i16> = phone.tone.by_ref().take(160).collect();
                let payload = phone.encoder.payload(&said);
                self.world.talk(phone.leg, self.packet, phone.codec.usual_payload_type(), &payload);
            }
            self.world.wait_ms(13);
            self.world.tick();
        }
    }

    /// How loud each leg's tone is to one of them, once all have found their way.
    fn heard(&self, listener: usize) -> Vec<f64> {
        let phone = &self.phones[listener];
        let mut decoder = phone.codec.decoder();
        let sent = self.world.sent_to(phone.leg);
        let sound: Vec<i16> = sent.iter().flat_map(|sent| decoder.sound(&sent.payload)).collect();
        let tones = TONES_HZ.iter().take(self.phones.len());
        tones.map(|hz| tone_dbfs(&sound[sound.len() / 2..], *hz, 8000)).collect()
    }

    #[track_caller]
    fn assert_hears(&self, listener: usize, whom: &[usize]) {
        let levels = self.heard(listener);
        for (party, level) in levels.iter().enumerate() {
            let is_heard = whom.contains(&party);
            let fits = if is_heard { (-21.0..-16.0).contains(level) } else { *level < -45.0 };
            assert!(fits, "{listener} hears {party} at {level:.1} dB; it should hear {whom:?}: {levels:.1?}");
        }
    }
}

#[test]
fn everybody_in_a_conference_hears_everybody_else_and_not_himself() {
    let rooms = [
        vec![Codec::Pcmu; 3],
        vec![Codec::Pcmu, Codec::Pcma, Codec::G722, Codec::Opus, Codec::L16],
        vec![Codec::Pcma; 8],
    ];
    for codecs in rooms {
        let mut room = Room::of(&codecs);
        room.connect(Party::conference(&room.legs()));
        room.talk(3);
        for listener in 0..codecs.len() {
            let others: Vec<usize> = (0..codecs.len()).filter(|other| *other != listener).collect();
            room.assert_hears(listener, &others);
        }
        assert_eq!(room.world.engine.counters().commands_ignored, 0);
    }
}

#[test]
fn a_supervisor_hears_and_is_heard_as_he_asked() {
    let (customer, agent, supervisor) = (0, 1, 2);
    for codecs in [[Codec::Pcmu; 3], [Codec::Pcma, Codec::G722, Codec::Opus]] {
        for supervision in Supervision::ALL {
            let mut room = Room::of(&codecs);
            let legs = room.legs();
            room.world.command(Command::Bridge { bridge: BRIDGE, a: legs[customer], b: legs[agent] });
            room.talk(1);
            room.connect(Party::supervised(legs[customer], legs[agent], legs[supervisor], supervision));
            room.talk(3);
            let (to_customer, to_agent, to_supervisor): (&[usize], &[usize], &[usize]) = match supervision {
                Supervision::Listen => (&[agent], &[customer], &[customer, agent]),
                Supervision::Whisper => (&[agent], &[customer, supervisor], &[customer, agent]),
                Supervision::PrivateWhisper => (&[agent], &[customer, supervisor], &[]),
                Supervision::Barge => (&[agent, supervisor], &[customer, supervisor], &[customer, agent]),
                Supervision::TakeOver => (&[supervisor], &[], &[customer]),
            };
            room.assert_hears(customer, to_customer);
            room.assert_hears(agent, to_agent);
            room.assert_hears(supervisor, to_supervisor);
            // Back to the two, as it was.
            room.world.command(Command::Bridge { bridge: BRIDGE, a: legs[customer], b: legs[agent] });
            room.talk(2);
            room.assert_hears(customer, &[agent]);
            room.assert_hears(agent, &[customer]);
            room.assert_hears(supervisor, &[]);
        }
    }
}

#[test]
fn who_listens_in_changes_no_bit_of_what_the_others_hear() {
    let mut room = Room::of(&[Codec::Pcmu; 3]);
    let legs = room.legs();
    room.world.command(Command::Bridge { bridge: BRIDGE, a: legs[0], b: legs[1] });
    room.talk(1);
    room.connect(Party::supervised(legs[0], legs[1], legs[2], Supervision::Listen));
    room.talk(1);
    let expected: Vec<Vec<u8>> = {
        let tone: Vec<i16> = Tone::new(TONES_HZ[0], -18.0, 8000).take(16_000).collect();
        let mut encoder = Codec::Pcmu.encoder(Opus::default());
        tone[8000..].chunks(160).map(|frame| encoder.payload(frame)).collect()
    };
    let sent = room.world.sent_to(legs[1]);
    assert_eq!(sent.iter().map(|sent| sent.payload.clone()).collect::<Vec<_>>(), expected);
    assert!(sent.iter().all(|sent| !sent.header.marker), "the stream goes on as if nothing had happened");
}

#[test]
fn a_conference_of_wide_band_phones_passes_what_no_telephone_does() {
    let codecs = [Codec::G722, Codec::Opus, Codec::L16];
    let mut room = Room::of(&codecs);
    room.connect(Party::conference(&room.legs()));
    room.world.sent.clear();
    let mut encoders = codecs.map(|codec| codec.encoder(Opus::default()));
    let mut tone = Tone::new(5000.0, -18.0, Rate::Wide.hz());
    for packet in 1..150_u16 {
        let said: Vec<i16> = tone.by_ref().take(320).collect();
        for (index, encoder) in encoders.iter_mut().enumerate() {
            let mut payload = vec![0; 4000];
            let length = encoder.encode_wide(if index == 0 { &said } else { &[0; 320] }, &mut payload);
            let leg = LegId(index as u64);
            room.world.talk(leg, packet, codecs[index].usual_payload_type(), &payload[..length]);
        }
        room.world.beat();
    }
    for listener in [1, 2] {
        let mut decoder = codecs[listener].decoder();
        let mut sound = Vec::new();
        for sent in room.world.sent_to(LegId(listener as u64)) {
            let mut wide = [0; 1920];
            let length = decoder.decode_wide(&sent.payload, &mut wide);
            sound.extend_from_slice(&wide[..length]);
        }
        let level = tone_dbfs(&sound[sound.len() / 2..], 5000.0, Rate::Wide.hz());
        assert!((-21.0..-16.0).contains(&level), "{listener}: {level}");
    }
}

#[test]
fn loud_parties_are_limited_and_a_gain_is_heard() {
    let mut room = Room::loud(&[Codec::L16; 5], -3.0);
    room.connect(Party::conference(&room.legs()));
    room.talk(2);
    let mut decoder = Codec::L16.decoder();
    let sound: Vec<i16> =
        room.world.sent_to(LegId(0)).iter().flat_map(|sent| decoder.sound(&sent.payload)).collect();
    let steps = sound.windows(2).map(|pair| (i32::from(pair[1]) - i32::from(pair[0])).abs());
    assert!(steps.max() < Some(60_000), "nothing wraps");

    let mut room = Room::of(&[Codec::Pcmu; 3]);
    let mut parties = Party::conference(&room.legs());
    (parties[1].gain_db, parties[2].gain_db) = (6, -10);
    room.connect(parties);
    room.talk(2);
    let heard = room.heard(0);
    assert!((heard[1] + 12.0).abs() < 0.7 && (heard[2] + 28.0).abs() < 0.7, "{heard:?}");
}

#[test]
fn who_hangs_up_leaves_the_others_together() {
    let mut room = Room::of(&[Codec::Pcmu; 4]);
    let legs = room.legs();
    room.connect(Party::conference(&legs));
    room.talk(1);
    room.world.close(legs[1]);
    room.phones.remove(1);
    room.talk(2);
    for (listener, others) in [(0, [2, 3]), (1, [0, 3]), (2, [0, 2])] {
        let levels: Vec<f64> = {
            let phone = &room.phones[listener];
            let sent = room.world.sent_to(phone.leg);
            let mut decoder = phone.codec.decoder();
            let sound: Vec<i16> = sent.iter().flat_map(|sent| decoder.sound(&sent.payload)).collect();
            TONES_HZ[..4].iter().map(|hz| tone_dbfs(&sound[8000..], *hz, 8000)).collect()
        };
        for (party, level) in levels.iter().enumerate() {
            assert_eq!(others.contains(&party), *level > -20.0, "{listener} hears {party} at {level}");
        }
    }
    // Two are left, then one: as when a bridge ends.
    room.world.close(legs[3]);
    room.world.close(legs[2]);
    room.world.sent.clear();
    room.world.beat();
    assert!(room.world.sent_to(legs[0]).iter().all(|sent| sent.payload == [0xff; 160]));
}

#[test]
fn what_makes_no_sense_connects_nobody() {
    let mut room = Room::of(&[Codec::Pcmu; 8]);
    let legs = room.legs();
    let all = Party::conference(&legs);
    let himself = Party { leg: legs[0], hears: vec![legs[0]], gain_db: 0 };
    let outside = Party { leg: legs[0], hears: vec![LegId(99)], gain_db: 0 };
    let stranger = Party { leg: LegId(99), hears: vec![], gain_db: 0 };
    let other = all[1].clone();
    for (number, first) in (1..).zip([himself, outside, stranger, other.clone()]) {
        room.connect(vec![first, Party { hears: vec![], ..other.clone() }]);
        assert_eq!(room.world.engine.counters().commands_ignored, number);
    }
    room.connect(vec![other]);
    room.connect([all, Party::conference(&[LegId(8), LegId(9)])].concat());
    assert_eq!(room.world.engine.counters().commands_ignored, 6);
    room.talk(1);
    room.assert_hears(0, &[]);
}

#[test]
fn phones_with_other_packet_lengths_hear_the_mix_whole() {
    for ptime_ms in [10, 30, 40, 60] {
        let mut room = Room::of(&[Codec::Pcmu; 3]);
        let mut answer = remote(LegId(0), Codec::Pcmu);
        if let Command::SetRemote { remote, .. } = &mut answer {
            remote.ptime_ms = ptime_ms;
        }
        room.world.command(answer);
        room.connect(Party::conference(&room.legs()));
        room.talk(3);
        room.assert_hears(0, &[1, 2]);
        let sent = room.world.sent_to(LegId(0));
        assert!(sent.iter().all(|sent| sent.payload.len() == usize::from(ptime_ms) * 8));
    }
}
