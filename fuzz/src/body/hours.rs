//! Opening hours from a file, asked at moments that the file itself chooses.

use hotline_base::WallTime;
use hotline_hours::{Override, schedules};
use hotline_yaml::{Reader, Source};

/// The first eight bytes are a moment, the rest is the section `hours:`. Refused with places, or answered so that the
/// state does not last beyond the next change.
pub fn hours(input: &[u8]) {
    let Some((moment, text)) = input.split_first_chunk() else { return };
    let Ok(text) = core::str::from_utf8(text) else { return };
    let at = WallTime(i64::from_le_bytes(*moment));
    let source = Source::new("fuzz.yaml", text);
    let Ok(node) = hotline_yaml::read(&source) else { return };
    let mut reader = Reader::new(&source);
    let found = schedules(&mut reader, &node);
    let mistakes = reader.into_diagnostics();
    assert!(mistakes.iter().all(|one| one.line > 0 && one.column > 0 && !one.to_string().is_empty()));
    assert!(found.is_some() || !mistakes.is_empty(), "what is refused has a mistake");
    // Inputs may have hundreds of them, and one is answered in a tenth of a millisecond.
    for schedule in found.iter().flat_map(|found| found.values()).take(3) {
        for by_hand in [None, Some(Override { open: true, until: Some(WallTime(at.0.saturating_add(1))) })] {
            let status = schedule.at(at, by_hand);
            let Some(until) = status.until else { continue };
            // The calendar ends with the year 9999.
            if until > at {
                assert_ne!(schedule.at(until, by_hand).state, status.state, "{at:?} {text}");
            }
        }
        assert!((1..=7).contains(&schedule.zone().local(at).weekday));
    }
}
