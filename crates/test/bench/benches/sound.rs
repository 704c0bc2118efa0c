//! What the sound functions cost for a 20 ms frame, and for a second of a prompt.

use divan::{Bencher, black_box};
use hotline_audio::comfort_noise::{ComfortNoise, Generator};
use hotline_audio::country_tones::{Meaning, country_tone};
use hotline_audio::gain::{AutomaticGain, normalize};
use hotline_audio::stretch::{lengthen, shorten};
use hotline_audio::voice::Detector;
use hotline_audio::{Concealer, Rate, Thirder, Tone, Tripler, fade_in, resampled};

const RATES: [Rate; 2] = [Rate::Narrow, Rate::Wide];

fn main() {
    divan::main();
}

/// A vowel: the harmonics of 120 Hz, with a syllable four times a second.
fn voice(rate_hz: u32, ms: u32) -> Vec<i16> {
    let count = (ms * rate_hz / 1000) as usize;
    let mut sound = vec![0_i16; count];
    for number in 1..20 {
        let level = -14.0 - f64::from(number);
        let tone = Tone::new(120.0 * f64::from(number), level, rate_hz);
        sound.iter_mut().zip(tone).for_each(|(sum, sample)| *sum = sum.saturating_add(sample));
    }
    let syllables = Tone::new(2.0, 0.0, rate_hz);
    let swell = |(sample, swell): (i16, i16)| (i32::from(sample) * i32::from(swell).abs() / 32_768) as i16;
    sound.into_iter().zip(syllables).map(swell).collect()
}

/// With the search for the pitch.
#[divan::bench(args = RATES)]
fn conceal_first_lost_frame(bencher: Bencher, rate: Rate) {
    let mut concealer = Concealer::new(rate);
    voice(rate.hz(), 100).chunks_mut(rate.samples(20)).for_each(|frame| concealer.good(frame));
    let mut frame = vec![0; rate.samples(20)];
    bencher.with_inputs(|| concealer.clone()).bench_local_refs(|concealer| concealer.lost(&mut frame));
}

#[divan::bench(args = RATES)]
fn conceal_good_frame(bencher: Bencher, rate: Rate) {
    let mut concealer = Concealer::new(rate);
    let mut frame = voice(rate.hz(), 20);
    bencher.bench_local(|| concealer.good(black_box(&mut frame)));
}

/// A window of 30 ms.
#[divan::bench(args = RATES)]
fn stretch_shorten(bencher: Bencher, rate: Rate) {
    let window = voice(rate.hz(), 130).split_off(rate.samples(100));
    bencher.with_inputs(|| window.clone()).bench_local_refs(|window| shorten(window, rate, true));
}

#[divan::bench(args = RATES)]
fn stretch_lengthen(bencher: Bencher, rate: Rate) {
    let length = rate.samples(30);
    let mut window = voice(rate.hz(), 130).split_off(rate.samples(100));
    window.resize(rate.samples(45), 0);
    bencher.with_inputs(|| window.clone()).bench_local_refs(|window| lengthen(window, length, rate, true));
}

#[divan::bench]
fn resample_48_to_16_khz(bencher: Bencher) {
    let (mut thirder, frame) = (Thirder::default(), voice(48_000, 20));
    bencher.bench_local(|| {
        for three in frame.as_chunks().0 {
            black_box(thirder.push(*three));
        }
    });
}

#[divan::bench]
fn resample_16_to_48_khz(bencher: Bencher) {
    let (mut tripler, frame) = (Tripler::default(), voice(16_000, 20));
    bencher.bench_local(|| {
        for sample in &frame {
            black_box(tripler.push(*sample));
        }
    });
}

#[divan::bench(args = [22_050, 44_100, 48_000])]
fn resample_a_second_to_8_khz(bencher: Bencher, from_hz: u32) {
    let second = voice(from_hz, 1000);
    bencher.bench_local(|| resampled(black_box(&second), from_hz, Rate::Narrow));
}

#[divan::bench(args = RATES)]
fn voice_activity(bencher: Bencher, rate: Rate) {
    let (mut detector, frame) = (Detector::default(), voice(rate.hz(), 20));
    bencher.bench_local(|| detector.push(black_box(&frame)));
}

#[divan::bench(args = RATES)]
fn automatic_gain(bencher: Bencher, rate: Rate) {
    let (mut gain, mut sound) = (AutomaticGain::new(-20.0, 24.0), voice(rate.hz(), 1000));
    let mut frames = 0;
    bencher.bench_local(|| {
        let at = frames % 50 * rate.samples(20);
        frames += 1;
        gain.apply(&mut sound[at..at + rate.samples(20)]);
    });
}

#[divan::bench(args = RATES)]
fn normalize_a_second(bencher: Bencher, rate: Rate) {
    let sound = voice(rate.hz(), 1000);
    bencher.with_inputs(|| sound.clone()).bench_local_refs(|sound| normalize(sound, rate, -20.0));
}

#[divan::bench(args = [("white", &[50][..]), ("with ten coefficients", &[50, 60, 140, 110, 130, 120, 127, 125, 129, 126, 127])])]
fn comfort_noise(bencher: Bencher, (_, payload): (&str, &[u8])) {
    let mut generator = Generator::new(1, Rate::Narrow);
    generator.set(ComfortNoise::parse(payload).expect("a payload with a level"));
    let mut frame = [0; 160];
    bencher.bench_local(|| generator.fill(black_box(&mut frame)));
}

/// Six seconds.
#[divan::bench]
fn ringback_of_the_usa(bencher: Bencher) {
    let tone = country_tone("us", Meaning::Ringback).expect("a country that is known");
    bencher.bench_local(|| tone.cycle(Rate::Narrow));
}

#[divan::bench]
fn fade_in_5_ms(bencher: Bencher) {
    let sound = voice(8000, 5);
    bencher.with_inputs(|| sound.clone()).bench_local_refs(|sound| fade_in(sound));
}
