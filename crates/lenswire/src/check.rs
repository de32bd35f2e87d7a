//! `lenswire config check`.

use lenswire_hub::config::Overrides;

use crate::cli::Places;
use crate::say;

pub(crate) fn run(places: Places) -> anyhow::Result<()> {
    let file = places.file(Overrides::default())?;
    let config = file.load()?;
    let streams = match config.streams.len() {
        1 => "1 stream".to_owned(),
        n => format!("{n} streams"),
    };
    let path = file.path().display();
    let there = file.path().exists();
    say(&if there {
        format!("{path} is right: {streams}.")
    } else {
        format!("There is no {path}: the demo is served.")
    })
}
