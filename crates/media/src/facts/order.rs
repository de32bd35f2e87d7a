//! Whether frames come in the order they are shown.

/// Watches the presentation times of frames as they come. One that is before another proves
/// nothing, for a camera may set its clock; that times go back and *forth* does.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct OrderWatch {
    newest: Option<i64>,
    behind: bool,
    returns: u32,
}

/// So many times must frames have fallen behind and caught up again.
const PROOF: u32 = 2;

impl OrderWatch {
    /// Takes the time of the next frame.
    pub(crate) fn on_frame(&mut self, time: i64) {
        match self.newest {
            Some(newest) if time < newest => self.behind = true,
            _ => {
                self.newest = Some(time);
                if std::mem::take(&mut self.behind) {
                    self.returns = self.returns.saturating_add(1);
                }
            }
        }
    }

    /// Whether there are B-frames.
    pub(crate) fn is_mixed(&self) -> bool {
        self.returns >= PROOF
    }
}
