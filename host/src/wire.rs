//! What goes over a connection between two nodes: frames of a length (u32, little endian) and a
//! postcard body.
//!
//! Whoever connects says [`Frame::Hello`] first and is answered by a `Hello` or a `Refusal`; after that
//! rows and packets of endpoints go from the one who connected to the other, and nothing comes back. Two nodes fit together if
//! every channel that both have has the same columns and the same delivery.

use std::collections::BTreeMap;
use std::io;

use bloom_delivery::Packet;
use bloom_plan::value::Row;
use bloom_runtime::{Message, Program};
use serde::{Deserialize, Serialize};
use smol_str::SmolStr;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};

/// No frame is longer; a longer one ends the connection.
pub const FRAME_BYTES_MAX: u32 = 64 << 20;
/// Of the protocol, and of how values are encoded.
const VERSION: u32 = 2;

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Frame {
    Hello(Hello),
    /// Why the connection ends.
    Refusal(String),
    Rows(Vec<Delivery>),
    /// What endpoints say to each other.
    Packets(Vec<Packet>),
}

/// Who speaks.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Hello {
    version: u32,
    pub address: SmolStr,
    pub kind: SmolStr,
    /// Hash of the columns of each channel.
    channels: BTreeMap<SmolStr, u64>,
}

/// A row for a channel of the receiver.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Delivery {
    pub from: SmolStr,
    pub to: SmolStr,
    pub channel: SmolStr,
    pub row: Row,
}

impl From<Message> for Delivery {
    fn from(
        Message {
            from,
            to,
            channel,
            row,
        }: Message,
    ) -> Self {
        Self {
            from,
            to,
            channel,
            row,
        }
    }
}

impl From<Delivery> for Message {
    fn from(
        Delivery {
            from,
            to,
            channel,
            row,
        }: Delivery,
    ) -> Self {
        Self {
            from,
            to,
            channel,
            row,
        }
    }
}

impl Hello {
    pub fn new(address: SmolStr, program: &Program) -> Self {
        Self {
            version: VERSION,
            address,
            kind: program.plan().name.clone(),
            channels: program
                .channel_schemas()
                .map(|(name, hash)| (name.into(), hash))
                .collect(),
        }
    }

    /// Why the two cannot talk, if they cannot.
    pub fn conflict(&self, other: &Hello) -> Option<String> {
        if self.version != other.version {
            return Some(format!(
                "{} speaks version {} of the protocol, {} version {}",
                self.address, self.version, other.address, other.version
            ));
        }
        let differs = |(name, hash): &(&SmolStr, &u64)| {
            other
                .channels
                .get(*name)
                .is_some_and(|other| other != *hash)
        };
        let (name, _) = self.channels.iter().find(differs)?;
        Some(format!(
            "channel `{name}` has other columns or another delivery at {} than at {}",
            self.address, other.address
        ))
    }
}

pub async fn write_frame(out: &mut (impl AsyncWrite + Unpin), frame: &Frame) -> io::Result<()> {
    let body = postcard::to_stdvec(frame).map_err(io::Error::other)?;
    let length = u32::try_from(body.len())
        .ok()
        .filter(|&length| length <= FRAME_BYTES_MAX);
    let length = length.ok_or_else(|| io::Error::other("a frame over the bound"))?;
    out.write_all(&length.to_le_bytes()).await?;
    out.write_all(&body).await
}

/// The next frame; none at the end of the stream.
pub async fn read_frame(input: &mut (impl AsyncRead + Unpin)) -> io::Result<Option<Frame>> {
    let mut length = [0; 4];
    match input.read_exact(&mut length).await {
        Ok(_) => {}
        Err(e) if e.kind() == io::ErrorKind::UnexpectedEof => return Ok(None),
        Err(e) => return Err(e),
    }
    let length = u32::from_le_bytes(length);
    if length > FRAME_BYTES_MAX {
        return Err(io::Error::other(format!("a frame of {length} bytes")));
    }
    // Grows as bytes come, so that a made-up length costs no memory.
    let mut body = Vec::new();
    input.take(u64::from(length)).read_to_end(&mut body).await?;
    if body.len() != length as usize {
        return Err(io::ErrorKind::UnexpectedEof.into());
    }
    postcard::from_bytes(&body)
        .map(Some)
        .map_err(io::Error::other)
}
