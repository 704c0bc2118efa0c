#!/bin/sh
# Makes every sound in this folder from manifest.yaml: prompts in each language, the music for waiting callers and
# the two speakers of the demonstration. Needs espeak-ng and sox. The results are committed, so this runs only
# when a text changes; every file is checked for silence and clipping.
#
#   <language>/<prompt>.wav        8 kHz, 16-bit, mono
#   16k/<language>/<prompt>.wav    16 kHz, for wideband codecs
#   music/waiting.wav              8 kHz, a loop without a seam
#   demo/caller.wav, agent.wav     8 kHz
set -eu
cd "$(dirname "$0")"

for tool in espeak-ng sox; do
    command -v "$tool" >/dev/null || { echo "make.sh: $tool is missing (Debian: apt-get install $tool)" >&2; exit 1; }
done
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# Repeatable and without dither, so that an unchanged text gives an unchanged file.
sound() { sox -R -D "$@"; }

# Fails unless the file peaks between $2 and $3 (of 1) and is at least 0.1 s long.
check() {
    sox "$1" -n stat 2>"$work/stat"
    awk -v file="$1" -v low="$2" -v high="$3" '
        /^Length/ { length_s = $3 }
        /^Maximum amplitude/ { if ($3 > peak) peak = $3 }
        /^Minimum amplitude/ { if (-$3 > peak) peak = -$3 }
        END {
            if (length_s < 0.1 || peak < low || peak > high) {
                printf "make.sh: %s: %s s, peak %s, expected %s to %s\n", file, length_s, peak, low, high
                exit 1
            }
        }' "$work/stat" >&2
}

# speak <voice> <text> <file> <rate>: without silence around it, peak at -6 dBFS.
speak() {
    espeak-ng -v "${1%:*}" -s "${1#*:}" -w "$work/speech.wav" -- "$2"
    sound "$work/speech.wav" -r "$4" -b 16 -c 1 "$3" gain -3 rate -v \
        silence 1 0.005 1% reverse silence 1 0.005 1% reverse pad 0.02 0.06 norm -6
    check "$3" 0.45 0.55
}

# The voice of a language and its words per minute.
voice() {
    case "$1" in
        en) echo en-us:175 ;;
        zh) echo cmn-latn-pinyin:205 ;;
        *) echo "make.sh: no voice for language $1" >&2; exit 1 ;;
    esac
}

# The manifest as lines of "prompt<TAB>language<TAB>text". It keeps to two forms: block and one-line mapping.
entries() {
    awk '
        function entry(pair,    colon, text) {
            colon = index(pair, ": ")
            text = substr(pair, colon + 2)
            gsub(/^ *"?|"? *$/, "", text)
            language = substr(pair, 1, colon - 1)
            gsub(/ /, "", language)
            print prompt "\t" language "\t" text
        }
        /^#/ || /^$/ { next }
        /^[a-z0-9_]+:$/ { prompt = substr($0, 1, length($0) - 1); next }
        /^[a-z0-9_]+: \{.*\}$/ {
            prompt = substr($0, 1, index($0, ":") - 1)
            inner = $0
            sub(/^[^{]*\{/, "", inner); sub(/\}$/, "", inner)
            count = split(inner, pairs, /, /)
            for (i = 1; i <= count; i++) entry(pairs[i])
            next
        }
        /^  [a-z]+: / { entry($0); next }
        { print "make.sh: cannot read line " NR ": " $0 > "/dev/stderr"; exit 1 }
    ' manifest.yaml
}

prompts() {
    entries >"$work/entries"
    tab=$(printf '\t')
    while IFS="$tab" read -r prompt language text; do
        speaker=$language
        case "$text" in
            "["*"] "*) speaker=${text#"["}; speaker=${speaker%%"]"*}; text=${text#*"] "} ;;
        esac
        mkdir -p "$language" "16k/$language"
        speak "$(voice "$speaker")" "$text" "$language/$prompt.wav" 8000
        speak "$(voice "$speaker")" "$text" "16k/$language/$prompt.wav" 16000
    done <"$work/entries"
}

# chord <number> <bass> <three notes>: 3.75 s of a soft pad, with the notes rising over it.
chord() {
    sound -r 16000 -c 4 -n -c 1 "$work/pad.wav" synth 3.75 sine "$2" sine "$3" sine "$4" sine "$5" \
        remix - fade h 0.9 3.75 1.3 vol 0.5
    sound -r 16000 -c 1 -n "$work/note1.wav" synth 2 sine "$3" fade l 0.02 2 1.9 pad 0 1.75
    sound -r 16000 -c 1 -n "$work/note2.wav" synth 2 sine "$4" fade l 0.02 2 1.9 pad 0.94 0.81
    sound -r 16000 -c 1 -n "$work/note3.wav" synth 2 sine "$5" fade l 0.02 2 1.9 pad 1.75 0
    sound -m -v 1 "$work/pad.wav" -v 0.16 "$work/note1.wav" -v 0.16 "$work/note2.wav" -v 0.16 "$work/note3.wav" \
        "$work/chord$1.wav"
}

# Eight chords, C Am F G and C Em F G, played twice with reverb; the second time is cut out, so its end runs into
# its own beginning.
music() {
    chord 1 130.81 329.63 392.00 493.88
    chord 2 110.00 261.63 329.63 392.00
    chord 3 174.61 261.63 329.63 440.00
    chord 4 98.00 293.66 392.00 493.88
    chord 5 130.81 261.63 392.00 493.88
    chord 6 164.81 246.94 392.00 493.88
    chord 7 174.61 261.63 349.23 440.00
    chord 8 98.00 246.94 293.66 392.00
    sound "$work/chord1.wav" "$work/chord2.wav" "$work/chord3.wav" "$work/chord4.wav" \
        "$work/chord5.wav" "$work/chord6.wav" "$work/chord7.wav" "$work/chord8.wav" "$work/once.wav"
    mkdir -p music
    sound "$work/once.wav" -r 8000 -b 16 -c 1 music/waiting.wav gain -9 repeat 1 reverb 45 50 80 0 rate -v \
        lowpass 2200 trim 30 30 norm -16
    check music/waiting.wav 0.10 0.20
}

demonstration() {
    mkdir -p demo
    speak en-gb:165 "Hello, I am calling about my order. It has not arrived yet." demo/caller.wav 8000
    speak en-us+f3:165 "Good morning. Your order left today and will arrive tomorrow." \
        demo/agent.wav 8000
}

prompts
music
demonstration
du -sh . | awk '{ print "sounds: " $1 }'
