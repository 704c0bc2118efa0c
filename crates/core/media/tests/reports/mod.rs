//! Reports of both sides (RTCP, RFC 3550 §6).

use std::net::SocketAddr;

use hotline_base::BridgeId;
use hotline_media::{Codec, Command};
use hotline_rtp::{PeerReport, REPORT_LEN_MAX, Reception, Report, SenderInfo};

use crate::world::{A, B, Reported, World, address, remote};

/// Where a phone takes reports.
fn reports_of_a() -> SocketAddr {
    SocketAddr::from(([192, 0, 2, 1], 4001))
}

/// A phone that takes reports and talks through a bridge for so many seconds; of every ten of its packets one is lost. A
/// report of ours it answers after 300 ms, with 80 ms on the way there and back.
fn talking(codec: Codec, is_muxed: bool, seconds: u16) -> World {
    let mut world = World::with_two_legs(codec, Codec::Pcmu);
    let mut answer = remote(A, codec);
    if let Command::SetRemote { remote, .. } = &mut answer {
        remote.rtcp = Some(if is_muxed { address(A) } else { reports_of_a() });
        (remote.rtcp_mux, remote.opus.fec) = (is_muxed, true);
    }
    world.command(answer);
    world.command(Command::Bridge { bridge: BridgeId(1), a: A, b: B });
    let mut answer_in: Option<(u32, Reception)> = None;
    for packet in 0..seconds * 50 {
        world.beat();
        if packet % 10 != 3 {
            world.talk(A, packet, codec.usual_payload_type(), &[1; 160]);
        }
        world.talk(B, packet, 0, &[1; 160]);
        if let Some((wait, reception)) = answer_in.take() {
            match wait {
                0 => answered(&mut world, is_muxed, reception),
                _ => answer_in = Some((wait - 1, reception)),
            }
        } else if let Some(report) = world.reports.last().filter(|report| report.at == world.now.mono) {
            let PeerReport { ssrc, sender, .. } = PeerReport::read(&report.packet, 0).expect("RTCP");
            let info = sender.expect("it sends");
            let reception = Reception {
                ssrc,
                lost: 25,
                fraction_lost: 26,
                jitter: 80 * codec.clock_factor(),
                last_report: info.middle(),
                delay: 300 * 65_536 / 1000,
                ..Reception::default()
            };
            // 380 ms are 19 beats.
            answer_in = Some((18, reception));
        }
    }
    world
}

fn answered(world: &mut World, is_muxed: bool, reception: Reception) {
    let mut packet = [0; REPORT_LEN_MAX];
    let info = SenderInfo { ntp: 7 << 32, timestamp: 5, packets: 3, bytes: 480 };
    let report = Report { ssrc: 0x100, name: 1, sender: Some(info), reception: Some(reception), bye: false };
    let length = report.write(&mut packet);
    if is_muxed {
        world.datagram(A, address(A), &packet[..length]);
    } else {
        world.report(A, reports_of_a(), &packet[..length]);
    }
}

fn read(reported: &Reported) -> PeerReport {
    PeerReport::read(&reported.packet, 0x100 + A.0 as u32).expect("what leaves is RTCP")
}

#[test]
fn each_side_learns_what_the_other_hears() {
    for (codec, is_muxed) in [(Codec::Pcmu, false), (Codec::Pcma, true), (Codec::L16, false)] {
        let mut world = talking(codec, is_muxed, 60);
        let to = if is_muxed { address(A) } else { reports_of_a() };
        let reports = std::mem::take(&mut world.reports);
        assert!((8..=24).contains(&reports.len()), "{} in a minute", reports.len());
        assert!(reports.iter().all(|report| (report.leg, report.to, report.is_muxed) == (A, to, is_muxed)));
        for pair in reports.windows(2) {
            let apart = pair[1].at.since(pair[0].at).as_millis();
            assert!((2500..=7520).contains(&apart), "{apart} ms apart");
        }
        let last = read(reports.last().unwrap());
        let info = last.sender.expect("it sends");
        assert!(info.packets > 2600 && info.bytes > info.packets * 100, "{info:?}");
        let heard = last.reception.expect("it hears");
        assert!((20..32).contains(&heard.fraction_lost), "a tenth of 256: {}", heard.fraction_lost);
        assert!((250..=300).contains(&heard.lost), "{}", heard.lost);
        assert_eq!(heard.last_report, 7 << 16, "it repeats the newest report of the phone");
        let stats = world.close(A);
        let round_trip = stats.round_trip_us.expect("the phone answered");
        assert!((79_000..=81_000).contains(&round_trip), "{round_trip} µs");
        assert_eq!((stats.peer_lost, stats.peer_jitter_us), (Some(25), Some(10_000)));
        assert!(stats.reports_received >= 8 && stats.malformed == 0);
        let last = world.reports.pop().expect("it says that it leaves");
        assert!(read(&last).bye && last.packet.len() <= REPORT_LEN_MAX);
    }
}

#[test]
fn who_takes_no_reports_gets_none_and_no_stranger_is_believed() {
    let mut world = World::with_two_legs(Codec::Pcmu, Codec::Pcmu);
    for _ in 0..1000 {
        world.beat();
    }
    assert_eq!(world.reports, []);
    let mut packet = [0; REPORT_LEN_MAX];
    let reception = Reception { lost: 9, ..Reception::default() };
    let report = Report { ssrc: 1, name: 1, sender: None, reception: Some(reception), bye: false };
    let length = report.write(&mut packet);
    world.report(A, SocketAddr::from(([203, 0, 113, 9], 4001)), &packet[..length]);
    world.report(A, reports_of_a(), &packet[..length - 1]);
    world.report(A, reports_of_a(), &packet[..length]);
    let stats = world.close(A);
    assert_eq!((stats.strangers, stats.malformed, stats.reports_received), (2, 1, 0));
    assert_eq!(stats.peer_lost, None, "it is of another call and about no stream of ours");
}

/// An Opus stream is made for loss from the moment that its listener reports some.
#[test]
fn a_phone_that_misses_packets_gets_a_stream_that_bears_it() {
    let mut world = World::with_two_legs(Codec::Opus, Codec::Pcmu);
    let mut answer = remote(A, Codec::Opus);
    if let Command::SetRemote { remote, .. } = &mut answer {
        (remote.rtcp, remote.opus.fec) = (Some(reports_of_a()), true);
    }
    world.command(answer);
    world.command(Command::Bridge { bridge: BridgeId(1), a: A, b: B });
    let redundant = |world: &mut World, first: u16| {
        world.sent.clear();
        // Syllables: what goes on for ever is noise.
        for (packet, said) in (first..).zip(crate::packets(700.0, Codec::Pcmu, 50)) {
            world.beat();
            let silence = [0xff; 160];
            world.talk(B, packet, 0, if packet / 10 % 2 == 0 { &said } else { &silence });
        }
        // RFC 6716 §4.2.3: after the table of contents of a speech packet of 20 ms, whether there was voice, and whether the
        // packet says something of the one before it.
        world
            .sent_to(A)
            .iter()
            .filter(|sent| sent.payload[0] & 0x80 == 0 && sent.payload[1] & 0x40 != 0)
            .count()
    };
    assert_eq!(redundant(&mut world, 1), 0);
    let ssrc = world.sent_to(A)[0].header.ssrc;
    let mut packet = [0; REPORT_LEN_MAX];
    let reception = Reception { ssrc, fraction_lost: 51, ..Reception::default() };
    let report = Report { ssrc: 1, name: 1, sender: None, reception: Some(reception), bye: false };
    let length = report.write(&mut packet);
    world.report(A, reports_of_a(), &packet[..length]);
    assert!(redundant(&mut world, 51) > 10);
}
