//! The built server as its users meet it: phones, carriers, pages, the operator's terminal.

mod api;
mod archive;
mod bench;
mod call;
mod carrier;
mod codecs;
mod crowd;
mod device;
mod extension;
mod flows;
mod kill;
mod lamps;
mod menu;
mod messages;
mod operator;
mod outside;
mod prompts;
mod recording;
mod refusal;
mod replacing;
mod shutdown;
mod speech;
mod steps;
mod tones;
mod trace;
mod transfer;
