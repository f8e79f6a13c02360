//! The lines of git's protocol (gitprotocol-common): four hex digits of length, then the bytes.

use super::broken;
use crate::foreign::Failure;

/// A line, or one of the marks that end a part.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Packet<'a> {
    Line(&'a [u8]),
    /// Ends an answer.
    Flush,
    /// Ends a section.
    Delimiter,
}

/// Writes lines; `None` is the mark between command and arguments. A flush ends them.
pub(super) fn request(lines: &[Option<String>]) -> Vec<u8> {
    let mut bytes = Vec::new();
    for line in lines {
        match line {
            Some(text) => bytes.extend_from_slice(format!("{:04x}{text}\n", text.len() + 5).as_bytes()),
            None => bytes.extend_from_slice(b"0001"),
        }
    }
    bytes.extend_from_slice(b"0000");
    bytes
}

/// The packets of an answer.
pub(super) struct Packets<'a>(pub(super) &'a [u8]);

impl<'a> Packets<'a> {
    /// The next packet, `None` at the end of the bytes.
    pub(super) fn next(&mut self) -> Result<Option<Packet<'a>>, Failure> {
        let Some((length, rest)) = self.0.split_first_chunk::<4>() else {
            return if self.0.is_empty() { Ok(None) } else { Err(broken("it ends within a line")) };
        };
        let text =
            str::from_utf8(length).ok().filter(|text| text.bytes().all(|byte| byte.is_ascii_hexdigit()));
        let length = text.and_then(|text| usize::from_str_radix(text, 16).ok());
        let packet = match length {
            Some(0) => Packet::Flush,
            // Ends the answer of a connection that goes on, which there is none of over HTTP.
            Some(1 | 2) => Packet::Delimiter,
            Some(length @ 4..) if length - 4 <= rest.len() => {
                let (line, rest) = rest.split_at(length - 4);
                self.0 = rest;
                return Ok(Some(Packet::Line(line)));
            }
            Some(4..) => return Err(broken("it ends within a line")),
            _ => return Err(broken("it is not in the lines of git's protocol")),
        };
        self.0 = rest;
        Ok(Some(packet))
    }

    /// The next line, without its end; `None` at a mark or at the end.
    pub(super) fn line(&mut self) -> Result<Option<&'a [u8]>, Failure> {
        match self.next()? {
            Some(Packet::Line(line)) => Ok(Some(line.strip_suffix(b"\n").unwrap_or(line))),
            _ => Ok(None),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines() {
        assert_eq!(request(&[Some("a".to_owned()), None, Some("bc".to_owned())]), b"0006a\n00010007bc\n0000");
        let mut packets = Packets(b"0006a\n00010004000000");
        assert_eq!(packets.line().unwrap(), Some(&b"a"[..]));
        assert_eq!(packets.next().unwrap(), Some(Packet::Delimiter));
        assert_eq!(packets.next().unwrap(), Some(Packet::Line(b"")));
        assert_eq!(packets.next().unwrap(), Some(Packet::Flush));
        assert!(packets.next().is_err());
        for bad in ["0003", "zzzz", "0010short", "+001"] {
            assert!(Packets(bad.as_bytes()).next().is_err(), "{bad}");
        }
    }
}
