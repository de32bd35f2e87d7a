//! A clip that goes round and round, with time going on.

use std::path::Path;
use std::process::Command;
use std::sync::Arc;

use anyhow::{Context, Result, ensure};

use super::{Feed, Parameters};

/// Seconds of each clip: one group of pictures of the longer kind.
const SECONDS: u32 = 10;

/// Pictures a second.
const RATE: u32 = 30;

/// What a clip shows.
#[derive(Clone, Copy, Debug)]
pub(super) enum Kind {
    /// 720p at 2 Mbit/s, with a keyframe each so many seconds.
    Main(u32),
    /// A camera's second profile: 360p at 250 kbit/s, with a keyframe each second.
    Sub,
}

impl Kind {
    fn file(self) -> String {
        match self {
            Self::Main(keyframes) => format!("720p30-gop{keyframes}.h264"),
            Self::Sub => "360p30-gop1.h264".to_owned(),
        }
    }

    /// Size, noise, kilobits a second, seconds from keyframe to keyframe.
    fn look(self) -> (&'static str, u32, u32, u32) {
        match self {
            Self::Main(keyframes) => ("1280x720", 16, 2_000, keyframes),
            Self::Sub => ("640x360", 4, 250, 1),
        }
    }
}

/// The whole clip in memory: 2.5 MB, shared by those who show the same.
#[derive(Clone)]
pub(super) struct Clip {
    pictures: Arc<[Vec<Vec<u8>>]>,
    parameters: Parameters,
}

impl Clip {
    /// Opens the clip, and has ffmpeg make it first if need be.
    pub(super) fn open(folder: &Path, kind: Kind) -> Result<Self> {
        let file = folder.join(kind.file());
        if !file.exists() {
            std::fs::create_dir_all(folder)?;
            make(&file, kind)?;
        }
        let bytes = std::fs::read(&file)?;
        let pictures = access_units(&bytes);
        ensure!(
            pictures.len() == (RATE * SECONDS) as usize,
            "{} has {} pictures",
            file.display(),
            pictures.len()
        );
        let parameters =
            Parameters::of(pictures[0].iter().map(Vec::as_slice)).context("no parameter sets")?;
        Ok(Self {
            pictures: pictures.into(),
            parameters,
        })
    }
}

impl Feed for Clip {
    fn parameters(&self) -> Parameters {
        self.parameters.clone()
    }

    fn picture(&mut self, n: u64) -> Result<Vec<Vec<u8>>> {
        Ok(self.pictures[(n % self.pictures.len() as u64) as usize].clone())
    }

    fn rate(&self) -> u32 {
        RATE
    }
}

impl Parameters {
    /// The first SPS (type 7) and PPS (type 8; ITU-R H.264, table 7-1) among `units`.
    pub(super) fn of<'a>(units: impl Iterator<Item = &'a [u8]> + Clone) -> Option<Self> {
        let find = |kind| {
            units
                .clone()
                .find(|unit| unit.first().is_some_and(|b| b & 0x1f == kind))
                .map(<[u8]>::to_vec)
        };
        Some(Self {
            sps: find(7)?,
            pps: find(8)?,
        })
    }
}

/// Constrained Baseline at a constant rate, with noise so that the rate is needed, one slice a picture and
/// a delimiter in front of each.
fn make(file: &Path, kind: Kind) -> Result<()> {
    let part = file.with_extension("part");
    let (size, noise, kilobits, keyframes) = kind.look();
    let (rate, buffer) = (format!("{kilobits}k"), format!("{}k", kilobits / 2));
    let source = format!(
        "smptebars=size={size}:rate={RATE},noise=alls={noise}:allf=t,drawbox=x='mod(t*320,iw)':y=ih*7/9:w=80:h=90:color=white:t=fill,format=yuv420p"
    );
    let gop = (keyframes * RATE).to_string();
    let status = Command::new("ffmpeg")
        .args([
            "-nostdin",
            "-loglevel",
            "error",
            "-y",
            "-f",
            "lavfi",
            "-i",
            &source,
            "-t",
            &SECONDS.to_string(),
        ])
        .args([
            "-c:v",
            "libx264",
            "-preset",
            "veryfast",
            "-profile:v",
            "baseline",
            "-bf",
            "0",
            "-g",
            &gop,
            "-keyint_min",
            &gop,
        ])
        .args([
            "-sc_threshold",
            "0",
            "-b:v",
            &rate,
            "-minrate",
            &rate,
            "-maxrate",
            &rate,
            "-bufsize",
            &buffer,
        ])
        .args([
            "-x264-params",
            "nal-hrd=cbr:aud=1:sliced-threads=0:slices=1",
            "-f",
            "h264",
        ])
        .arg(&part)
        .status()
        .context("ffmpeg, which makes the clips, does not start")?;
    ensure!(status.success(), "ffmpeg could not make {}", file.display());
    Ok(std::fs::rename(&part, file)?)
}

/// The NAL units of each picture, delimiters (type 9) and filler (type 12) left out.
fn access_units(bytes: &[u8]) -> Vec<Vec<Vec<u8>>> {
    let mut pictures: Vec<Vec<Vec<u8>>> = Vec::new();
    for unit in nal_units(bytes) {
        match (unit[0] & 0x1f, pictures.last_mut()) {
            (9, _) => pictures.push(Vec::new()),
            (12, _) | (_, None) => {}
            (_, Some(picture)) => picture.push(unit.to_vec()),
        }
    }
    pictures
}

/// What stands between start codes (ITU-R H.264, annex B), without the zeros that belong to them.
fn nal_units(bytes: &[u8]) -> Vec<&[u8]> {
    let codes: Vec<usize> = bytes
        .windows(3)
        .enumerate()
        .filter(|(_, w)| *w == [0, 0, 1])
        .map(|(at, _)| at)
        .collect();
    let ends = codes.iter().skip(1).copied().chain([bytes.len()]);
    let units = codes
        .iter()
        .zip(ends)
        .map(|(start, end)| without_trailing_zeros(&bytes[start + 3..end]));
    units.filter(|unit| !unit.is_empty()).collect()
}

fn without_trailing_zeros(unit: &[u8]) -> &[u8] {
    let end = unit
        .iter()
        .rposition(|byte| *byte != 0)
        .map_or(0, |last| last + 1);
    &unit[..end]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pictures_begin_at_delimiters() {
        let bytes = [
            0, 0, 0, 1, 9, 0x10, 0, 0, 1, 0x67, 1, 0, 0, 0, 1, 0x65, 2, 0, 0, 1, 12, 0xff, 0, 0, 0,
            1, 9, 0x30, 0, 0, 1, 0x41, 3,
        ];
        assert_eq!(
            access_units(&bytes),
            [vec![vec![0x67, 1], vec![0x65, 2]], vec![vec![0x41, 3]]]
        );
    }
}
