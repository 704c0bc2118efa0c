//! Files as people have them become prompts.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use hotline_prompt_files::{ConvertError, LEVEL_DBFS, convert, list, remove, write};
use hound::{SampleFormat, WavSpec, WavWriter};

/// The hertz of a tone, by how often it crosses zero upwards.
fn hertz(samples: &[i16]) -> f64 {
    let middle = &samples[samples.len() / 4..samples.len() * 3 / 4];
    let crossings = middle.windows(2).filter(|pair| pair[0] < 0 && pair[1] >= 0).count();
    crossings as f64 * 16_000.0 / middle.len() as f64
}

fn wav(rate: u32, channels: u16, seconds: f64, hz: f64) -> Vec<u8> {
    let spec = WavSpec { channels, sample_rate: rate, bits_per_sample: 16, sample_format: SampleFormat::Int };
    let mut file = std::io::Cursor::new(Vec::new());
    let mut writer = WavWriter::new(&mut file, spec).unwrap();
    for at in 0..(seconds * f64::from(rate)) as u32 {
        let sample = (f64::from(at) * hz * std::f64::consts::TAU / f64::from(rate)).sin() * 3000.0;
        for _ in 0..channels {
            writer.write_sample(sample as i16).unwrap();
        }
    }
    writer.finalize().unwrap();
    file.into_inner()
}

#[test]
fn wav_mp3_and_ogg_become_a_tone_of_the_same_length_and_hertz_at_one_level() {
    let files = [
        ("mp3", include_bytes!("sounds/tone.mp3").to_vec(), 0.6),
        ("ogg", include_bytes!("sounds/tone.ogg").to_vec(), 0.6),
        ("stereo wav", wav(44_100, 2, 1.0, 1000.0), 1.0),
        ("telephone wav", wav(8000, 1, 1.0, 1000.0), 1.0),
    ];
    for (name, file, seconds) in files {
        let samples = convert(file, Some(LEVEL_DBFS)).unwrap();
        let length = samples.len() as f64 / 16_000.0;
        assert!((length - seconds).abs() < 0.08, "{name}: {length} s");
        assert!((hertz(&samples) - 1000.0).abs() < 15.0, "{name}: {} Hz", hertz(&samples));
        let square: f64 = samples.iter().map(|sample| f64::from(*sample).powi(2)).sum();
        // Of a full sine, as levels of sound files are (AES17).
        let level = 10.0 * (square / samples.len() as f64 / 32_768_f64.powi(2)).log10() + 3.01;
        assert!((level - LEVEL_DBFS).abs() < 1.0, "{name}: {level} dBFS");
    }
}

#[test]
fn what_is_no_prompt_is_told_why() {
    assert!(matches!(convert(b"GIF89a, and more of it".to_vec(), None), Err(ConvertError::Unreadable(_))));
    assert!(matches!(
        convert(include_bytes!("sounds/tone.opus").to_vec(), None),
        Err(ConvertError::Unreadable(_))
    ));
    assert!(matches!(convert(wav(16_000, 1, 0.01, 440.0), None), Err(ConvertError::Empty)));
    assert!(matches!(convert(wav(9000, 1, 1.0, 440.0), None), Err(ConvertError::Rate(9000))));
    assert!(matches!(convert(wav(8000, 1, 601.0, 440.0), None), Err(ConvertError::TooLong)));
    let mut cut = include_bytes!("sounds/tone.ogg").to_vec();
    for length in [0, 1, 20, 100, 4000] {
        cut.truncate(cut.len().min(6000 - length));
        drop(convert(cut.clone(), None));
    }
}

#[test]
fn a_prompt_takes_the_place_of_the_one_before_with_its_wideband_version() {
    let root = tempfile::tempdir().unwrap();
    let wide = root.path().join("16k/en/hello.wav");
    std::fs::create_dir_all(wide.parent().unwrap()).unwrap();
    std::fs::write(&wide, "of before").unwrap();
    write(root.path(), "en", "hello", &[7; 16_000]).unwrap();
    write(root.path(), "en", "bye", &[7; 8000]).unwrap();
    assert!(!wide.exists());
    let prompts = list(root.path(), "en", None, 10).unwrap();
    let told: Vec<(&str, u128)> =
        prompts.iter().map(|one| (one.name.as_str(), one.duration.unwrap().as_millis())).collect();
    assert_eq!(told, [("bye", 500), ("hello", 1000)]);
    assert_eq!(list(root.path(), "en", Some("bye"), 10).unwrap().len(), 1);
    remove(root.path(), "en", "hello").unwrap();
    assert!(remove(root.path(), "en", "hello").is_err());
}
