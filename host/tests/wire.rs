//! Frames go over a stream whole, or the connection ends.

use bloom_host::wire::{Delivery, FRAME_BYTES_MAX, Frame, read_frame, write_frame};
use bloom_plan::value::Value;

fn rows() -> Frame {
    Frame::Rows(vec![Delivery {
        from: "a:1".into(),
        to: "b:2".into(),
        channel: "gossip".into(),
        row: vec![
            Value::Addr("b:2".into()),
            Value::set([Value::Int(2), Value::Int(1)]),
            Value::Bottom,
        ],
    }])
}

async fn bytes_of(frame: &Frame) -> Vec<u8> {
    let mut bytes = Vec::new();
    write_frame(&mut bytes, frame)
        .await
        .expect("a vector takes all");
    bytes
}

#[tokio::test]
async fn frames_read_back_one_after_the_other() {
    let mut bytes = bytes_of(&rows()).await;
    bytes.extend(bytes_of(&Frame::Refusal("no".into())).await);
    let mut input = bytes.as_slice();
    assert_eq!(read_frame(&mut input).await.ok(), Some(Some(rows())));
    assert_eq!(
        read_frame(&mut input).await.ok(),
        Some(Some(Frame::Refusal("no".into())))
    );
    assert_eq!(read_frame(&mut input).await.ok(), Some(None));
}

#[tokio::test]
async fn a_frame_that_is_cut_off_is_an_error() {
    let bytes = bytes_of(&rows()).await;
    for length in 1..bytes.len() {
        let read = read_frame(&mut &bytes[..length]).await;
        // A length that is cut off ends the stream like no frame at all.
        assert!(read.is_err() || length < 4, "{length}");
    }
}

#[tokio::test]
async fn a_made_up_length_is_refused_before_memory_is_taken() {
    let long = (FRAME_BYTES_MAX + 1).to_le_bytes();
    assert!(read_frame(&mut long.as_slice()).await.is_err());
    let most = FRAME_BYTES_MAX.to_le_bytes();
    assert!(read_frame(&mut most.as_slice()).await.is_err());
}

#[tokio::test]
async fn garbage_is_an_error() {
    let mut bytes = 5u32.to_le_bytes().to_vec();
    bytes.extend([0xff; 5]);
    assert!(read_frame(&mut bytes.as_slice()).await.is_err());
}
