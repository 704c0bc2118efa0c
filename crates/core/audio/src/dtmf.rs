//! Keys pressed as sounds (ITU-T Q.23, Q.24): two tones at once, one of a row and one of a column. Speech and music have them
//! too, but neither alone nor for long.

use serde::{Deserialize, Serialize};

/// The tones of the rows, from the top.
const ROWS_HZ: [f64; 4] = [697.0, 770.0, 852.0, 941.0];
/// The tones of the columns, from the left.
const COLUMNS_HZ: [f64; 4] = [1209.0, 1336.0, 1477.0, 1633.0];
const KEYS: [[char; 4]; 4] =
    [['1', '2', '3', 'A'], ['4', '5', '6', 'B'], ['7', '8', '9', 'C'], ['*', '0', '#', 'D']];

/// 2 · cos(2π · hz / 8000) of each.
const ROW_FACTORS: [f64; 4] = [1.7077378093489017, 1.6452810360417196, 1.56868698386682, 1.4782045682401759];
const COLUMN_FACTORS: [f64; 4] =
    [1.1641040230273316, 0.9963702106789817, 0.7986183892266362, 0.568532706775202];

/// Samples that are judged together: 12.75 ms, which tells the rows apart.
const WINDOW: usize = 102;
/// A window begins every so many samples.
const HOP: usize = WINDOW / 2;
/// Windows in a row with the same key until it counts as pressed: 32 ms of it. Q.24 wants 40 ms to be heard.
const PRESSED_WINDOWS: u32 = 4;
/// Windows in a row without it until it counts as let go: 26 ms, so that a click does not make two keys of one.
const RELEASED_WINDOWS: u32 = 4;

/// The weaker of both tones, at least: −40 dBFS, some −37 dBm0.
const LEVEL_MIN: f64 = 0.01;
/// How much louder a column may be than its row, and a row than its column (Q.24 annex: 4 dB and 8 dB), as power.
const TWIST_MAX: f64 = 2.6;
const REVERSE_TWIST_MAX: f64 = 6.4;
/// How much louder the tone must be than the others of its group, as power: 8 dB.
const PEAK_MIN: f64 = 6.3;
/// What share of the sound the two tones must be.
const SHARE_MIN: f64 = 0.72;

/// A key that was let go.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Press {
    /// The key: 0 to 9, `*`, `#`, A to D.
    pub key: char,
    /// How long it was held, in samples at 8 kHz, to some 10 ms.
    pub samples: u32,
}

/// The two tones of a key, in hertz; `None` for what is no key.
#[must_use]
pub fn tones(key: char) -> Option<[f64; 2]> {
    KEYS.iter().zip(ROWS_HZ).find_map(|(row, hz)| {
        let column = row.iter().position(|known| *known == key.to_ascii_uppercase())?;
        Some([hz, COLUMNS_HZ[column]])
    })
}

/// Listens for keys, sample by sample at 8 kHz.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Detector {
    /// One begins in the middle of the other.
    windows: [Window; 2],
    samples: usize,
    /// The key of the newest windows, and how many of them in a row have it; `None` for no key.
    candidate: Option<char>,
    alike: u32,
    held: Option<Held>,
    /// How many windows more may have a key in them, though it is not found there.
    lingering: u32,
}

#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
struct Held {
    key: char,
    windows: u32,
    /// Windows in a row that had another key or none.
    without: u32,
}

/// Goertzel's algorithm for all eight tones at once.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
struct Window {
    rows: [Resonator; 4],
    columns: [Resonator; 4],
    energy: f64,
}

#[derive(Clone, Copy, Debug, Default, Serialize, Deserialize)]
struct Resonator {
    last: f64,
    before: f64,
}

impl Detector {
    /// Takes the next sample; the key that was let go, if one was.
    pub fn push(&mut self, sample: i16) -> Option<Press> {
        let sample = f64::from(sample) / 32_768.0;
        for window in &mut self.windows {
            window.push(sample);
        }
        self.samples += 1;
        if !self.samples.is_multiple_of(HOP) {
            return None;
        }
        let full = self.samples / HOP % 2;
        let judged = std::mem::take(&mut self.windows[full]).key();
        // The first window was not full.
        if self.samples < WINDOW { None } else { self.judge(judged) }
    }

    /// True from the first window of a key, after 9 to 19 ms of it, until it is surely let go, also if it is not held long enough
    /// to count as pressed.
    #[must_use]
    pub const fn hears_key(&self) -> bool {
        self.lingering > 0
    }

    fn judge(&mut self, key: Option<char>) -> Option<Press> {
        self.alike = if key == self.candidate { self.alike.saturating_add(1) } else { 1 };
        self.candidate = key;
        self.lingering = if key.is_some() { RELEASED_WINDOWS } else { self.lingering.saturating_sub(1) };
        let begins = key.filter(|_| self.alike == PRESSED_WINDOWS);
        let mut over = None;
        if let Some(held) = &mut self.held {
            if key == Some(held.key) {
                held.windows += 1 + std::mem::take(&mut held.without);
            } else {
                held.without += 1;
                let is_another = begins.is_some_and(|key| key != held.key);
                if held.without >= RELEASED_WINDOWS || is_another {
                    let samples = held.windows * HOP as u32;
                    over = Some(Press { key: held.key, samples });
                    self.held = None;
                }
            }
        }
        if let (Some(key), None) = (begins, &self.held) {
            self.held = Some(Held { key, windows: PRESSED_WINDOWS, without: 0 });
        }
        over
    }
}

impl Window {
    fn push(&mut self, sample: f64) {
        self.energy += sample * sample;
        for (resonator, factor) in self.rows.iter_mut().zip(ROW_FACTORS.iter()) {
            resonator.push(sample, *factor);
        }
        for (resonator, factor) in self.columns.iter_mut().zip(COLUMN_FACTORS.iter()) {
            resonator.push(sample, *factor);
        }
    }

    /// The key whose tones, and nothing else, are in this window.
    fn key(&self) -> Option<char> {
        let (row, row_power) = loudest(&self.rows, &ROW_FACTORS)?;
        let (column, column_power) = loudest(&self.columns, &COLUMN_FACTORS)?;
        let weakest = row_power.min(column_power);
        let is_balanced =
            column_power <= row_power * TWIST_MAX && row_power <= column_power * REVERSE_TWIST_MAX;
        // A sine of amplitude a has a power of (a · WINDOW / 2)² here, and an energy of a² · WINDOW / 2.
        let level = (LEVEL_MIN * WINDOW as f64 / 2.0).powi(2);
        let share = (row_power + column_power) / (self.energy * WINDOW as f64 / 2.0);
        (weakest >= level && is_balanced && share >= SHARE_MIN).then(|| KEYS[row][column])
    }
}

/// The tone that stands out of its group.
fn loudest(group: &[Resonator; 4], factors: &[f64; 4]) -> Option<(usize, f64)> {
    let mut powers = [0.0; 4];
    for ((power, resonator), factor) in powers.iter_mut().zip(group).zip(factors) {
        *power = resonator.power(*factor);
    }
    let (at, loudest) = powers.iter().copied().enumerate().max_by(|one, other| one.1.total_cmp(&other.1))?;
    let stands_out =
        powers.iter().enumerate().all(|(other, power)| other == at || power * PEAK_MIN < loudest);
    stands_out.then_some((at, loudest))
}

impl Resonator {
    fn push(&mut self, sample: f64, factor: f64) {
        let next = sample + factor * self.last - self.before;
        self.before = self.last;
        self.last = next;
    }

    fn power(self, factor: f64) -> f64 {
        self.last * self.last + self.before * self.before - factor * self.last * self.before
    }
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::path::Path;

    use hotline_base::Rng;

    use super::*;
    use crate::tests::{speech, wav_samples};
    use crate::{Rate, SAMPLE_RATE_HZ, Tone, ulaw};

    /// −25 dBm0: full scale of μ-law is +3.17 dBm0.
    const FAINT_DBFS: f64 = -28.2;
    const ALL: &str = "0123456789*#ABCD";

    fn pressed(samples: impl IntoIterator<Item = i16>) -> Vec<Press> {
        let mut detector = Detector::default();
        samples.into_iter().filter_map(|sample| detector.push(ulaw::decode(ulaw::encode(sample)))).collect()
    }

    fn keys(samples: impl IntoIterator<Item = i16>) -> String {
        pressed(samples).iter().map(|press| press.key).collect()
    }

    const fn ms(ms: usize) -> usize {
        ms * SAMPLE_RATE_HZ as usize / 1000
    }

    fn silence(length: usize) -> impl Iterator<Item = i16> {
        std::iter::repeat_n(0, length)
    }

    fn mixed([row, column]: [f64; 2], [row_dbfs, column_dbfs]: [f64; 2], length: usize) -> Vec<i16> {
        let tones =
            Tone::new(row, row_dbfs, SAMPLE_RATE_HZ).zip(Tone::new(column, column_dbfs, SAMPLE_RATE_HZ));
        tones.map(|(row, column)| row.saturating_add(column)).take(length).collect()
    }

    fn key(key: char, dbfs: f64, length: usize) -> Vec<i16> {
        mixed(tones(key).unwrap(), [dbfs; 2], length)
    }

    /// White noise so many decibels below two tones of `dbfs`.
    fn noise(rng: &mut Rng, dbfs: f64, below_db: f64) -> i16 {
        // Two sines of amplitude a have a power of a²; twelve evenly spread numbers nearly have a normal spread of one.
        let deviation = 32_768.0 * 10_f64.powf((dbfs - below_db) / 20.0);
        let normal: f64 = (0..12).map(|_| f64::from(rng.next_u32()) / f64::from(u32::MAX)).sum::<f64>() - 6.0;
        (normal * deviation).clamp(-32_768.0, 32_767.0) as i16
    }

    #[test]
    fn every_key_is_heard_once_with_its_length() {
        for known in ALL.chars() {
            let sound = silence(77).chain(key(known, -10.0, ms(100))).chain(silence(ms(60)));
            let [press] = pressed(sound)[..] else { panic!("{known} is not heard once") };
            assert_eq!(press.key, known);
            assert!(press.samples.abs_diff(ms(100) as u32) <= ms(20) as u32, "{} samples", press.samples);
        }
        assert_eq!((tones('b'), tones('x')), (tones('B'), None));
    }

    #[test]
    fn faint_keys_in_noise_are_heard() {
        const PRESSES: usize = 2000;
        let mut rng = Rng::from_number(1);
        let mut sound = Vec::new();
        let said: String = ALL.chars().cycle().take(PRESSES).collect();
        for known in said.chars() {
            // The lines that a call takes favour one tone or the other.
            let twist = f64::from(rng.next_u32() % 7) - 4.0;
            let length = ms(45) + rng.next_u32() as usize % ms(40);
            sound.extend(mixed(tones(known).unwrap(), [FAINT_DBFS, FAINT_DBFS + twist], length));
            sound.extend(silence(ms(45)));
        }
        let noisy = sound.iter().map(|sample| sample.saturating_add(noise(&mut rng, FAINT_DBFS, 12.0)));
        let heard = keys(noisy);
        let (mut missed, mut heard) = (0, heard.chars().peekable());
        for known in said.chars() {
            if heard.next_if_eq(&known).is_none() {
                missed += 1;
            }
        }
        assert_eq!(heard.count(), 0, "keys that nobody pressed");
        assert!(missed <= PRESSES / 1000, "{missed} of {PRESSES} were not heard");
    }

    #[test]
    fn what_is_not_a_key_for_long_is_none_and_a_gap_is_no_second_key() {
        assert_eq!(keys(key('5', -10.0, ms(20)).into_iter().chain(silence(ms(60)))), "");
        let broken = key('5', -10.0, ms(60)).into_iter().chain(silence(ms(8))).chain(key('5', -10.0, ms(60)));
        assert_eq!(keys(broken.chain(silence(ms(60)))), "5");
        let twice = key('5', -10.0, ms(60)).into_iter().chain(silence(ms(45))).chain(key('5', -10.0, ms(60)));
        assert_eq!(keys(twice.chain(silence(ms(60)))), "55");
        let joined = key('1', -10.0, ms(80)).into_iter().chain(key('2', -10.0, ms(80)));
        assert_eq!(keys(joined.chain(silence(ms(60)))), "12");
    }

    #[test]
    fn tones_that_are_off_are_keys_up_to_the_limits_of_the_recommendation() {
        for known in ALL.chars() {
            let off = |percent: f64| tones(known).unwrap().map(|hz| hz * (1.0 + percent / 100.0));
            for percent in [-1.5, 1.5] {
                let sound = mixed(off(percent), [-15.0; 2], ms(80)).into_iter().chain(silence(ms(60)));
                assert_eq!(keys(sound), known.to_string(), "{percent} % off");
            }
            for percent in [-3.5, 3.5] {
                let sound = mixed(off(percent), [-15.0; 2], ms(80)).into_iter().chain(silence(ms(60)));
                assert_eq!(keys(sound), "", "{known} {percent} % off");
            }
            for levels in [[-10.0, -22.0], [-22.0, -10.0], [-45.0, -45.0]] {
                let sound = mixed(tones(known).unwrap(), levels, ms(80)).into_iter().chain(silence(ms(60)));
                assert_eq!(keys(sound), "", "{known} at {levels:?}");
            }
        }
    }

    #[test]
    fn tones_of_the_network_and_music_are_no_keys() {
        for pair in [
            [350.0, 440.0],
            [440.0, 480.0],
            [480.0, 620.0],
            [425.0, 425.0],
            [950.0, 1400.0],
            [1100.0, 1100.0],
            [1400.0, 1800.0],
            [2100.0, 2100.0],
            [697.0, 770.0],
            [1209.0, 1336.0],
            [941.0, 1100.0],
            [650.0, 1209.0],
        ] {
            assert_eq!(keys(mixed(pair, [-12.0; 2], ms(2000))), "", "{pair:?}");
        }
        let music = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../sounds/music");
        let mut files = 0;
        for file in fs::read_dir(music).unwrap() {
            let path = file.unwrap().path();
            if path.extension().is_some_and(|kind| kind == "wav") {
                assert_eq!(
                    keys(wav_samples(&fs::read(&path).unwrap(), Rate::Narrow)),
                    "",
                    "{}",
                    path.display()
                );
                files += 1;
            }
        }
        assert!(files > 0);
    }

    /// Half an hour of it, at two loudnesses.
    #[test]
    fn speech_is_no_key() {
        const WORDS: usize = 900;
        const HALF_AN_HOUR_S: usize = 1800;
        let text =
            fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../docs/configuration.md"));
        let text = text.unwrap();
        let words: Vec<&str> = text.split_whitespace().collect();
        let voices = ["en-us", "en-gb+f3", "de+m2", "fr+f2", "es+m3", "cmn+f4"];
        let mut seconds = 0;
        for (number, voice) in voices.into_iter().cycle().enumerate() {
            if number >= voices.len() && seconds > HALF_AN_HOUR_S {
                break;
            }
            let text: Vec<&str> = words.iter().copied().cycle().skip(number * WORDS).take(WORDS).collect();
            let said = speech(voice, &text.join(" "), Rate::Narrow);
            seconds += said.len() / SAMPLE_RATE_HZ as usize;
            for quieter in [1, 4] {
                let found = pressed(said.iter().map(|sample| sample / quieter));
                assert_eq!(found, [], "{voice}");
            }
        }
    }
}
