//! Draws a SIP ladder in a terminal: a column for each who takes part, a rung for each message.

/// Room for the label between two columns.
const WIDTH: usize = 26;
/// Room for the time before the first column.
const TIME: usize = 9;

/// The columns of a ladder.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Ladder {
    columns: Vec<String>,
}

impl Ladder {
    /// With these names from left to right, at least one.
    pub(crate) fn new<T: Into<String>>(columns: impl IntoIterator<Item = T>) -> Self {
        Self { columns: columns.into_iter().map(Into::into).collect() }
    }

    /// The line of the names, each at its column.
    pub(crate) fn head(&self) -> String {
        let names =
            self.columns.iter().map(|name| format!("{:<width$}", short(name, WIDTH), width = WIDTH + 1));
        let line = format!("{:>TIME$}  {}", "seconds", names.collect::<String>());
        line.trim_end().to_owned()
    }

    /// A message from one column to another, with something said beside the ladder.
    pub(crate) fn rung(&self, seconds: f64, from: usize, to: usize, label: &str, beside: &str) -> String {
        let mut line = self.bars();
        let (left, right) = (at(from.min(to)), at(from.max(to)));
        for place in &mut line[left + 1..right] {
            *place = if *place == '│' { '┼' } else { '─' };
        }
        let rightward = from < to;
        if rightward {
            line[right - 1] = '▶';
        } else {
            line[left + 1] = '◀';
        }
        let begin = left + if rightward { 2 } else { 3 };
        for (place, character) in line[begin..].iter_mut().zip(short(label, WIDTH - 4).chars()) {
            *place = character;
        }
        time(seconds, line.into_iter().collect(), beside)
    }

    /// What happens in none of the messages, said beside the ladder.
    pub(crate) fn note(&self, seconds: f64, text: &str) -> String {
        time(seconds, self.bars().into_iter().collect(), text)
    }

    fn bars(&self) -> Vec<char> {
        let mut line = vec![' '; at(self.columns.len().saturating_sub(1)) + 1];
        (0..self.columns.len()).for_each(|column| line[at(column)] = '│');
        line
    }
}

/// Where a column stands in a line.
const fn at(column: usize) -> usize {
    column * (WIDTH + 1)
}

fn short(text: &str, width: usize) -> String {
    text.chars().take(width).collect()
}

fn time(seconds: f64, line: String, beside: &str) -> String {
    format!("{seconds:>TIME$.3}  {line} {beside}").trim_end().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ladder() -> Ladder {
        Ladder::new(["caller", "hotline", "agent 1001", "agent 1002"])
    }

    #[test]
    fn every_rung_is_as_wide_as_every_other() {
        for (from, to) in [(0, 1), (1, 0), (1, 2), (2, 1), (1, 3), (3, 1)] {
            let line = ladder().rung(1.5, from, to, "INVITE with a very long label of a message", "");
            assert_eq!(line.chars().count(), 11 + 3 * (WIDTH + 1) + 1, "{line}");
        }
    }

    #[test]
    fn arrows_point_where_the_message_goes_and_names_stand_over_their_columns() {
        let ladder = ladder();
        let lines = [
            ladder.head(),
            ladder.rung(0.0, 0, 1, "INVITE", ""),
            ladder.rung(0.0005, 1, 0, "100 Trying", ""),
            ladder.note(1.25, "place 1"),
            ladder.rung(12.0, 3, 1, "200 OK", "audio 192.0.2.1:4000 PCMU"),
        ];
        assert_eq!(
            lines.join("\n"),
            "  seconds  caller                     hotline                    agent 1001                 agent 1002
    0.000  │─INVITE──────────────────▶│                          │                          │
    0.001  │◀─100 Trying──────────────│                          │                          │
    1.250  │                          │                          │                          │ place 1
   12.000  │                          │◀─200 OK──────────────────┼──────────────────────────│ audio 192.0.2.1:4000 PCMU"
        );
    }
}
