//! What a country's telephone network says with tones: ITU-T E.180 Supplement 2 and the national plans, by ISO 3166 codes.
//!
//! A whole cadence is rendered at once, to be played again and again as a prompt is; a second that sounds costs about 0.2 ms.

use Sound::{One, Swelling, Two};

use crate::{Rate, Tone, nearest};

/// The level of a whole tone: −10 dBm0 (ITU-T E.180 has −15 to −5), where a sine of full scale is +3.17 dBm0.
pub const LEVEL_DBFS: f64 = -13.2;

/// What a tone says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Meaning {
    /// The number may be dialled.
    Dial,
    /// The phone at the other end rings.
    Ringback,
    /// The line at the other end is taken.
    Busy,
    /// The call cannot be put through.
    Congestion,
}

/// What sounds while a tone is on, in whole hertz.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sound {
    /// One sine.
    One(u16),
    /// Two sines at once.
    Two(u16, u16),
    /// A sine that swells with another: the carrier, and how often it swells.
    Swelling(u16, u16),
}

/// A tone and when it is heard.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CountryTone {
    /// What sounds.
    pub sound: Sound,
    /// On and off, in milliseconds, again and again; none if it goes on for ever.
    pub cadence: &'static [(u16, u16)],
}

/// The tones of a country.
#[derive(Debug)]
struct Plan {
    country: &'static str,
    dial: CountryTone,
    ringback: CountryTone,
    busy: CountryTone,
    congestion: CountryTone,
}

const fn steady(sound: Sound) -> CountryTone {
    CountryTone { sound, cadence: &[] }
}

const fn tone(sound: Sound, cadence: &'static [(u16, u16)]) -> CountryTone {
    CountryTone { sound, cadence }
}

/// Two short rings and a pause, where the British network came first.
const DOUBLE_RING: &[(u16, u16)] = &[(400, 200), (400, 2000)];

/// By country.
const PLANS: [Plan; 22] = [
    Plan {
        country: "at",
        dial: steady(One(420)),
        ringback: tone(One(420), &[(1000, 5000)]),
        busy: tone(One(420), &[(400, 400)]),
        congestion: tone(One(420), &[(200, 200)]),
    },
    // The network has three tones at once to dial and ring; two make the same beat.
    Plan {
        country: "au",
        dial: steady(Two(413, 438)),
        ringback: tone(Two(413, 438), DOUBLE_RING),
        busy: tone(One(425), &[(375, 375)]),
        congestion: tone(One(425), &[(375, 375)]),
    },
    Plan {
        country: "be",
        dial: steady(One(425)),
        ringback: tone(One(425), &[(1000, 3000)]),
        busy: tone(One(425), &[(500, 500)]),
        congestion: tone(One(425), &[(167, 167)]),
    },
    Plan {
        country: "br",
        dial: steady(One(425)),
        ringback: tone(One(425), &[(1000, 4000)]),
        busy: tone(One(425), &[(250, 250)]),
        congestion: tone(One(425), &[(250, 250), (750, 250)]),
    },
    Plan {
        country: "ch",
        dial: steady(One(425)),
        ringback: tone(One(425), &[(1000, 4000)]),
        busy: tone(One(425), &[(500, 500)]),
        congestion: tone(One(425), &[(200, 200)]),
    },
    Plan {
        country: "cn",
        dial: steady(One(450)),
        ringback: tone(One(450), &[(1000, 4000)]),
        busy: tone(One(450), &[(350, 350)]),
        congestion: tone(One(450), &[(700, 700)]),
    },
    Plan {
        country: "de",
        dial: steady(One(425)),
        ringback: tone(One(425), &[(1000, 4000)]),
        busy: tone(One(425), &[(480, 480)]),
        congestion: tone(One(425), &[(240, 240)]),
    },
    Plan {
        country: "es",
        dial: steady(One(425)),
        ringback: tone(One(425), &[(1500, 3000)]),
        busy: tone(One(425), &[(200, 200)]),
        congestion: tone(One(425), &[(200, 200), (200, 200), (200, 600)]),
    },
    Plan {
        country: "fr",
        dial: steady(One(440)),
        ringback: tone(One(440), &[(1500, 3500)]),
        busy: tone(One(440), &[(500, 500)]),
        congestion: tone(One(440), &[(250, 250)]),
    },
    Plan {
        country: "gb",
        dial: steady(Two(350, 440)),
        ringback: tone(Two(400, 450), DOUBLE_RING),
        busy: tone(One(400), &[(375, 375)]),
        congestion: tone(One(400), &[(400, 350), (225, 525)]),
    },
    Plan {
        country: "hk",
        dial: steady(Two(350, 440)),
        ringback: tone(Two(440, 480), &[(400, 200), (400, 3000)]),
        busy: tone(Two(480, 620), &[(500, 500)]),
        congestion: tone(Two(480, 620), &[(250, 250)]),
    },
    Plan {
        country: "in",
        dial: steady(Swelling(400, 25)),
        ringback: tone(Swelling(400, 25), DOUBLE_RING),
        busy: tone(One(400), &[(750, 750)]),
        congestion: tone(One(400), &[(250, 250)]),
    },
    Plan {
        country: "it",
        dial: tone(One(425), &[(200, 200), (600, 1000)]),
        ringback: tone(One(425), &[(1000, 4000)]),
        busy: tone(One(425), &[(500, 500)]),
        congestion: tone(One(425), &[(200, 200)]),
    },
    Plan {
        country: "jp",
        dial: steady(One(400)),
        ringback: tone(Swelling(400, 16), &[(1000, 2000)]),
        busy: tone(One(400), &[(500, 500)]),
        congestion: tone(One(400), &[(500, 500)]),
    },
    Plan {
        country: "kr",
        dial: steady(Two(350, 440)),
        ringback: tone(Two(440, 480), &[(1000, 2000)]),
        busy: tone(Two(480, 620), &[(500, 500)]),
        congestion: tone(Two(480, 620), &[(300, 200)]),
    },
    Plan {
        country: "nl",
        dial: steady(One(425)),
        ringback: tone(One(425), &[(1000, 4000)]),
        busy: tone(One(425), &[(500, 500)]),
        congestion: tone(One(425), &[(250, 250)]),
    },
    Plan {
        country: "nz",
        dial: steady(One(400)),
        ringback: tone(Two(400, 450), DOUBLE_RING),
        busy: tone(One(400), &[(500, 500)]),
        congestion: tone(One(400), &[(250, 250)]),
    },
    Plan {
        country: "ru",
        dial: steady(One(425)),
        ringback: tone(One(425), &[(1000, 4000)]),
        busy: tone(One(425), &[(350, 350)]),
        congestion: tone(One(425), &[(175, 175)]),
    },
    Plan {
        country: "se",
        dial: steady(One(425)),
        ringback: tone(One(425), &[(1000, 5000)]),
        busy: tone(One(425), &[(250, 250)]),
        congestion: tone(One(425), &[(250, 750)]),
    },
    Plan {
        country: "sg",
        dial: steady(One(425)),
        ringback: tone(Swelling(425, 24), DOUBLE_RING),
        busy: tone(One(425), &[(750, 750)]),
        congestion: tone(One(425), &[(250, 250)]),
    },
    Plan {
        country: "tw",
        dial: steady(Two(350, 440)),
        ringback: tone(Two(440, 480), &[(1000, 2000)]),
        busy: tone(Two(480, 620), &[(500, 500)]),
        congestion: tone(Two(480, 620), &[(250, 250)]),
    },
    Plan {
        country: "us",
        dial: steady(Two(350, 440)),
        ringback: tone(Two(440, 480), &[(2000, 4000)]),
        busy: tone(Two(480, 620), &[(500, 500)]),
        congestion: tone(Two(480, 620), &[(250, 250)]),
    },
];

/// Two codes for one plan: what people write for the United Kingdom, and Canada, which has the numbers and tones of the USA.
const ALIASES: [(&str, &str); 2] = [("ca", "us"), ("uk", "gb")];

/// The countries whose tones are known, by ISO 3166 code, in the order of the alphabet.
pub fn countries() -> impl Iterator<Item = &'static str> {
    PLANS.iter().map(|plan| plan.country)
}

/// A tone of a country, by its ISO 3166 code in small or capital letters. `ca` has the tones of `us`, `uk` is `gb`. `None` if the country is not among
/// [`countries`].
#[must_use]
pub fn country_tone(country: &str, meaning: Meaning) -> Option<CountryTone> {
    let alias = ALIASES.iter().find(|(alias, _)| alias.eq_ignore_ascii_case(country));
    let country = alias.map_or(country, |(_, country)| country);
    let plan = PLANS.iter().find(|plan| plan.country.eq_ignore_ascii_case(country))?;
    Some(match meaning {
        Meaning::Dial => plan.dial,
        Meaning::Ringback => plan.ringback,
        Meaning::Busy => plan.busy,
        Meaning::Congestion => plan.congestion,
    })
}

/// A tone begins and ends over so long, so that it does not click.
const RAMP_MS: usize = 5;
/// Of a tone without a cadence: tones of whole hertz fit into it, so that its end and its beginning join.
const STEADY_MS: usize = 1000;

impl CountryTone {
    /// Once the whole cadence, or a second of a tone that has none. It joins with itself without a click. At most ten seconds;
    /// it allocates.
    #[must_use]
    pub fn cycle(&self, rate: Rate) -> Vec<i16> {
        if self.cadence.is_empty() {
            return self.sound.samples(rate, STEADY_MS);
        }
        let mut cycle = Vec::new();
        for (on, off) in self.cadence {
            let mut on = self.sound.samples(rate, usize::from(*on));
            let ramp = rate.samples(RAMP_MS).min(on.len() / 2);
            for at in 0..ramp {
                let last = on.len() - 1 - at;
                let factor = (at + 1) as f32 / (ramp + 1) as f32;
                on[at] = nearest(f32::from(on[at]) * factor);
                on[last] = nearest(f32::from(on[last]) * factor);
            }
            cycle.extend(on);
            cycle.extend(std::iter::repeat_n(0, rate.samples(usize::from(*off))));
        }
        cycle
    }
}

impl Sound {
    /// Each has the same power in all.
    fn samples(self, rate: Rate, ms: usize) -> Vec<i16> {
        let sine = |hz: u16, db: f64| Tone::new(f64::from(hz), LEVEL_DBFS + db, rate.hz());
        let count = rate.samples(ms);
        match self {
            Self::One(hz) => sine(hz, 0.0).take(count).collect(),
            Self::Two(low, high) => {
                sine(low, -3.0).zip(sine(high, -3.0)).map(|(low, high)| low + high).take(count).collect()
            }
            // A carrier whose amplitude goes from nothing to double has half as much power again, 1.76 dB.
            Self::Swelling(carrier, often) => {
                let swell = Tone::new(f64::from(often), 0.0, rate.hz());
                let swelled = sine(carrier, -1.76).zip(swell).map(|(sample, swell)| {
                    let factor = 1.0 + f32::from(swell) / 32_768.0;
                    nearest(f32::from(sample) * factor)
                });
                swelled.take(count).collect()
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{SILENCE_DBFS, rms_dbfs, tone_dbfs};

    const MEANINGS: [Meaning; 4] = [Meaning::Dial, Meaning::Ringback, Meaning::Busy, Meaning::Congestion];
    const RATES: [Rate; 2] = [Rate::Narrow, Rate::Wide];

    fn all() -> impl Iterator<Item = (&'static str, Meaning, CountryTone)> {
        countries().flat_map(|country| {
            MEANINGS.map(|meaning| (country, meaning, country_tone(country, meaning).unwrap()))
        })
    }

    /// The tones in it and how far each is below the whole.
    fn sines(sound: Sound) -> Vec<(f64, f64)> {
        match sound {
            One(hz) => vec![(hz.into(), 0.0)],
            Two(low, high) => vec![(low.into(), -3.0), (high.into(), -3.0)],
            Swelling(carrier, often) => {
                let (carrier, often) = (f64::from(carrier), f64::from(often));
                vec![(carrier, -1.76), (carrier - often, -7.78), (carrier + often, -7.78)]
            }
        }
    }

    #[test]
    fn every_tone_has_its_frequencies_its_level_and_its_cadence() {
        for rate in RATES {
            for (country, meaning, tone) in all() {
                let what = format!("{meaning:?} of {country} at {rate:?}");
                let cycle = tone.cycle(rate);
                let cadence: &[(u16, u16)] =
                    if tone.cadence.is_empty() { &[(1000, 0)] } else { tone.cadence };
                let mut rest = &cycle[..];
                for (on, off) in cadence {
                    let (on, after) = rest.split_at(rate.samples(usize::from(*on)));
                    let (off, after) = after.split_at(rate.samples(usize::from(*off)));
                    rest = after;
                    // Some are too short to tell their parts apart.
                    let middle = &on[on.len() / 20..on.len() - on.len() / 20];
                    let level = rms_dbfs(middle);
                    assert!((level - LEVEL_DBFS).abs() < 1.0, "{what}: {level} dBFS");
                    for (hz, below) in sines(tone.sound) {
                        let level = tone_dbfs(middle, hz, rate.hz());
                        assert!((level - LEVEL_DBFS - below).abs() < 1.5, "{what}: {level} dBFS of {hz} Hz");
                    }
                    if !off.is_empty() {
                        assert_eq!(rms_dbfs(off), SILENCE_DBFS, "{what}");
                    }
                }
                assert_eq!(rest, []);
            }
        }
    }

    #[test]
    fn a_cycle_that_is_repeated_does_not_click() {
        for rate in RATES {
            for (country, meaning, tone) in all() {
                let cycle = tone.cycle(rate).repeat(2);
                // The steepest step of two sines at this level; a click from zero would be as high as the tone.
                let highest = sines(tone.sound).iter().map(|(hz, _)| *hz).fold(0.0, f64::max);
                let peak = 32_768.0 * 10_f64.powf(LEVEL_DBFS / 20.0) * 1.7;
                let most = (peak * 2.0 * core::f64::consts::PI * highest / f64::from(rate.hz())) as i32;
                let bends = cycle.windows(3).map(|three| {
                    let [one, two, three] = [three[0], three[1], three[2]].map(i32::from);
                    ((two - one).abs(), (three - 2 * two + one).abs())
                });
                let (step, bend) = bends.fold((0, 0), |most, next| (most.0.max(next.0), most.1.max(next.1)));
                assert!(step <= most, "{meaning:?} of {country} at {rate:?} steps by {step}, {most} at most");
                assert!(bend <= most, "{meaning:?} of {country} at {rate:?} bends by {bend}, {most} at most");
            }
        }
    }

    #[test]
    fn the_cadences_are_those_of_the_plans() {
        let known = [
            ("us", Meaning::Ringback, Two(440, 480), &[(2000, 4000)][..]),
            ("us", Meaning::Busy, Two(480, 620), &[(500, 500)]),
            ("US", Meaning::Dial, Two(350, 440), &[]),
            ("gb", Meaning::Ringback, Two(400, 450), &[(400, 200), (400, 2000)]),
            ("uk", Meaning::Ringback, Two(400, 450), &[(400, 200), (400, 2000)]),
            ("cn", Meaning::Ringback, One(450), &[(1000, 4000)]),
            ("de", Meaning::Busy, One(425), &[(480, 480)]),
            ("fr", Meaning::Ringback, One(440), &[(1500, 3500)]),
            ("jp", Meaning::Ringback, Swelling(400, 16), &[(1000, 2000)]),
        ];
        for (country, meaning, sound, cadence) in known {
            assert_eq!(country_tone(country, meaning), Some(CountryTone { sound, cadence }), "{country}");
        }
        assert_eq!(country_tone("xx", Meaning::Busy), None);
        let required = "at au br ch cn de es fr gb hk in it jp kr nl ru se sg tw us";
        assert!(required.split(' ').all(|country| countries().any(|known| known == country)));
        assert!(countries().is_sorted());
        assert!(all().all(|(_, _, tone)| tone.cycle(Rate::Narrow).len() <= 80_000));
    }
}
