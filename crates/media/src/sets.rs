//! The parameter sets of one track: from SDP or in band, in front of every keyframe.

use std::sync::Arc;

use crate::nal::{NalCodec, SetKind, set_id};
use crate::packetize::nal_unit;
use crate::{MAX_PAYLOAD, ParameterSets};

/// Most sets kept. Cameras have one of each kind, some encoders a few PPS.
const SETS_MAX: usize = 16;
/// Largest set kept, in bytes. The largest seen are below 200.
const SET_BYTES_MAX: usize = 4_096;

#[derive(Clone, Debug)]
struct Set {
    kind: SetKind,
    id: u32,
    nal: Arc<[u8]>,
}

/// All sets of a track, in the order in which a decoder wants them.
#[derive(Clone, Debug, Default)]
pub(crate) struct Sets {
    sets: Vec<Set>,
}

impl Sets {
    /// Begins with what the session description said.
    pub(crate) fn new(known: &ParameterSets) -> Self {
        let mut sets = Self::default();
        match known {
            ParameterSets::None | ParameterSets::Converted(_) => {}
            ParameterSets::H264 { sps, pps } => {
                sets.learn(NalCodec::H264, SetKind::Sps, sps);
                sets.learn(NalCodec::H264, SetKind::Pps, pps);
            }
            ParameterSets::H265 { vps, sps, pps } => {
                sets.learn(NalCodec::H265, SetKind::Vps, vps);
                sets.learn(NalCodec::H265, SetKind::Sps, sps);
                sets.learn(NalCodec::H265, SetKind::Pps, pps);
            }
        }
        sets
    }

    /// Takes a set; true when it is new or differs from the one it replaces.
    pub(crate) fn learn(&mut self, codec: NalCodec, kind: SetKind, nal: &[u8]) -> bool {
        if nal.len() <= codec.header_len() || nal.len() > SET_BYTES_MAX {
            return false;
        }
        let id = set_id(codec, kind, nal);
        match self
            .sets
            .binary_search_by_key(&(kind, id), |set| (set.kind, set.id))
        {
            Ok(at) if *self.sets[at].nal == *nal => false,
            Ok(at) => {
                self.sets[at].nal = nal.into();
                true
            }
            Err(_) if self.sets.len() >= SETS_MAX => false,
            Err(at) => {
                self.sets.insert(
                    at,
                    Set {
                        kind,
                        id,
                        nal: nal.into(),
                    },
                );
                true
            }
        }
    }

    /// Whether a keyframe behind them can be decoded.
    pub(crate) fn is_complete(&self, codec: NalCodec) -> bool {
        let has = |kind| self.sets.iter().any(|set| set.kind == kind);
        has(SetKind::Sps) && has(SetKind::Pps) && (codec == NalCodec::H264 || has(SetKind::Vps))
    }

    /// Appends all of them as payloads.
    pub(crate) fn write(&self, codec: NalCodec, out: &mut Vec<Arc<[u8]>>) {
        for set in &self.sets {
            if set.nal.len() <= MAX_PAYLOAD {
                out.push(Arc::clone(&set.nal));
            } else {
                nal_unit(codec, &set.nal, out);
            }
        }
    }

    /// The first of each kind, as a session description would say it.
    pub(crate) fn to_parameters(&self) -> ParameterSets {
        let first = |kind| {
            self.sets
                .iter()
                .find(|set| set.kind == kind)
                .map(|set| Arc::clone(&set.nal))
        };
        match (
            first(SetKind::Vps),
            first(SetKind::Sps),
            first(SetKind::Pps),
        ) {
            (Some(vps), Some(sps), Some(pps)) => ParameterSets::H265 { vps, sps, pps },
            (None, Some(sps), Some(pps)) => ParameterSets::H264 { sps, pps },
            _ => ParameterSets::None,
        }
    }
}
