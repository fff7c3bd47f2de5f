//! Watching websocket frames go by (RFC 6455 section 5.2), without holding or changing a byte.
//!
//! Only two questions are answered: did data come, or merely a ping; and is this the end of a frame,
//! so that one of ours may follow.

/// The longest head of a frame: two bytes, eight of length, four of mask.
const MAX_HEAD_BYTES: usize = 14;

/// Where in a stream of frames we are.
#[derive(Debug, Default)]
pub(super) struct Frames {
    head: [u8; MAX_HEAD_BYTES],
    have: usize,
    payload_left: u64,
    is_data: bool,
}

impl Frames {
    /// Takes note of bytes that went by; tells whether any of them belongs to a data frame.
    pub(super) fn saw_data(&mut self, mut bytes: &[u8]) -> bool {
        let mut saw_data = false;
        while let Some((first, rest)) = bytes.split_first() {
            if self.payload_left > 0 {
                let left = usize::try_from(self.payload_left).unwrap_or(usize::MAX);
                let step = left.min(bytes.len());
                self.payload_left -= step as u64;
                saw_data |= self.is_data;
                bytes = bytes.get(step..).unwrap_or_default();
                continue;
            }
            bytes = rest;
            if let Some(place) = self.head.get_mut(self.have) {
                *place = *first;
            }
            self.have += 1;
            if let Some(length) = self.payload_length() {
                // Opcodes 0 to 7 are data: continuation, text, binary and what may follow them.
                self.is_data = self.head.first().is_some_and(|b| b & 0x08 == 0);
                saw_data |= self.is_data;
                self.payload_left = length;
                self.have = 0;
            }
        }
        saw_data
    }

    /// Tells whether the last byte that went by ended a frame.
    pub(super) fn is_between_frames(&self) -> bool {
        self.have == 0 && self.payload_left == 0
    }

    /// Returns the length of the payload once the whole head is here.
    fn payload_length(&self) -> Option<u64> {
        let [_, second, extended @ ..] = &self.head;
        if self.have < 2 {
            return None;
        }
        let mask_bytes = if second & 0x80 == 0 { 0 } else { 4 };
        let (length_bytes, short) = match second & 0x7f {
            126 => (2, 0),
            127 => (8, 0),
            short => (0, u64::from(short)),
        };
        if self.have < 2 + length_bytes + mask_bytes {
            return None;
        }
        let extended = extended.iter().take(length_bytes);
        Some(extended.fold(short, |sum, b| (sum << 8) | u64::from(*b)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn frame(opcode: u8, length: usize, mask: bool) -> Vec<u8> {
        let mut frame = vec![0x80 | opcode];
        let mask_bit = if mask { 0x80 } else { 0 };
        match length {
            0..126 => frame.push(mask_bit | u8::try_from(length).unwrap()),
            126..65_536 => {
                frame.push(mask_bit | 126);
                frame.extend(u16::try_from(length).unwrap().to_be_bytes());
            }
            _ => {
                frame.push(mask_bit | 127);
                frame.extend((length as u64).to_be_bytes());
            }
        }
        if mask {
            frame.extend([1, 2, 3, 4]);
        }
        frame.extend(vec![0x88; length]);
        frame
    }

    #[test]
    fn data_is_told_from_control() {
        let table = [
            (1, true),
            (2, true),
            (0, true),
            (8, false),
            (9, false),
            (10, false),
        ];
        for (opcode, is_data) in table {
            for length in [0, 1, 125, 126, 70_000] {
                for mask in [true, false] {
                    let mut frames = Frames::default();
                    assert_eq!(frames.saw_data(&frame(opcode, length, mask)), is_data);
                    assert!(frames.is_between_frames(), "{opcode} {length} {mask}");
                }
            }
        }
    }

    #[test]
    fn frames_may_come_in_any_pieces() {
        let mut stream = frame(9, 5, true);
        stream.extend(frame(2, 300, true));
        stream.extend(frame(10, 0, true));
        for size in 1..stream.len() {
            let mut frames = Frames::default();
            let saw: Vec<bool> = stream.chunks(size).map(|c| frames.saw_data(c)).collect();
            assert!(saw.contains(&true), "{size}");
            assert!(frames.is_between_frames(), "{size}");
        }
        let mut frames = Frames::default();
        assert!(
            !frames.saw_data(&stream[..11]),
            "the ping alone is no activity"
        );
        assert!(frames.is_between_frames());
        frames.saw_data(&stream[11..20]);
        assert!(!frames.is_between_frames());
    }
}
