//! A recording as a small picture in the terminal: loudness over time, a row a channel.

use hotline_audio::rms_dbfs;

const COLUMNS: usize = 72;
const BARS: [char; 9] = [' ', '▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];
/// Quieter than this is drawn as nothing.
const FLOOR_DBFS: f64 = -54.0;

/// One row for `samples`.
pub(super) fn row(samples: &[i16]) -> String {
    let width = samples.len().div_ceil(COLUMNS).max(1);
    samples.chunks(width).map(|part| bar(rms_dbfs(part))).collect()
}

fn bar(dbfs: f64) -> char {
    let share = ((dbfs - FLOOR_DBFS) / -FLOOR_DBFS).clamp(0.0, 1.0);
    BARS[(share * (BARS.len() - 1) as f64).round() as usize]
}

#[cfg(test)]
mod tests {
    use hotline_audio::Tone;

    use super::*;

    #[test]
    fn silence_is_blank_and_sound_is_not() {
        let mut samples = vec![0; 4000];
        samples.extend(Tone::new(440.0, -6.0, 8000).take(4000));
        let row: Vec<char> = row(&samples).chars().collect();
        assert_eq!(row.len(), COLUMNS);
        assert_eq!((row[0], row[34]), (' ', ' '));
        assert!(row[40] >= '▆', "{row:?}");
    }
}
