//! Exports: lines verify offline and round-trip; no cell starts a formula.

use carnet_authority::audit::{
    CANONICAL_LEN_MAX, Chained, Event, Extent, Head, Lines, Report, Status, to_csv,
};
use proptest::prelude::*;

use super::support::{any_event, chain, event, follow, verifier};

/// What is said of the bytes of an export that is read in pieces of this size.
fn verify(export: &[u8], piece: usize) -> Report {
    let mut verifier = verifier(Extent::Whole, &[]);
    let mut lines = Lines::default();
    export.chunks(piece).for_each(|piece| lines.feed(piece, |line| verifier.line(line)));
    lines.finish(|line| verifier.line(line));
    verifier.report()
}

fn export(rows: &[Chained]) -> Vec<u8> {
    rows.iter().map(Chained::to_line).collect::<String>().into_bytes()
}

#[test]
fn a_line_is_the_canonical_text_and_two_hashes() {
    let row = &chain(1)[0];
    let (members, hash) = (row.canonical.strip_suffix('}').unwrap(), row.hash);
    let zeros = "0".repeat(64);
    assert_eq!(
        row.to_line(),
        format!("{members},\"prev_hash\":\"{zeros}\",\"hash\":\"{hash}\"}}\n")
    );
    assert!(serde_json::from_str::<serde_json::Value>(&row.to_line()).is_ok());
}

#[test]
fn no_single_bit_of_an_export_can_change_and_the_row_is_named() {
    let rows = chain(3);
    let export = export(&rows);
    assert_eq!(verify(&export, 7).status, Status::Ok);
    for bit in 0..export.len() * 8 {
        let mut changed = export.clone();
        changed[bit / 8] ^= 1 << (bit % 8);
        let line = export[..bit / 8].split(|byte| *byte == b'\n').count() as u64;
        let named = verify(&changed, export.len()).first_fault.map(|first| first.seq);
        assert_eq!(named, Some(line), "bit {bit}");
    }
}

#[test]
fn a_half_written_line_an_empty_one_and_an_endless_one_are_faults() {
    let whole = export(&chain(2));
    let half = verify(&whole[..whole.len() - 100], 64);
    assert_eq!(half.first_fault.map(|first| first.seq), Some(2));
    let with_empty = verify(&[&whole[..], b"\n"].concat(), 64);
    assert_eq!(with_empty.first_fault.map(|first| first.seq), Some(3));
    let endless = verify(&[&whole[..], &vec![b'x'; CANONICAL_LEN_MAX * 4]].concat(), 4096);
    assert_eq!((endless.rows, endless.first_fault.map(|first| first.seq)), (3, Some(3)));
}

proptest! {
    #[test]
    fn lines_round_trip_whatever_the_events_and_the_pieces(
        events in prop::collection::vec(any_event(), 1..5),
        piece in 1_usize..2000,
    ) {
        let rows = follow(Head::START, events);
        let mut read = Vec::new();
        let mut lines = Lines::default();
        for piece in export(&rows).chunks(piece) {
            lines.feed(piece, |row| {
                let row = row.unwrap();
                let seq = Event::from_canonical(row.canonical).unwrap().0;
                let (prev_hash, hash) = (row.prev_hash, row.hash);
                read.push(Chained { seq, canonical: row.canonical.to_owned(), prev_hash, hash });
            });
        }
        lines.finish(|_| panic!("nothing is left"));
        prop_assert_eq!(read, rows);
    }

    #[test]
    fn noise_is_refused_without_a_panic(noise: Vec<u8>, piece in 1_usize..50) {
        let _ = verify(&noise, piece);
    }

    #[test]
    fn cells_read_back_and_none_starts_a_formula(events in prop::collection::vec(any_event(), 1..5), start in "[=+@\t\r-]") {
        let mut events = events;
        events[0].user_agent = Some(format!("{start}cmd|' /C calc'!A0,\"x\"\r\n").into());
        let table = to_csv((1..).zip(&events), true).unwrap();
        let mut reader = csv::ReaderBuilder::new().from_reader(&table[..]);
        let records: Vec<_> = reader.records().map(Result::unwrap).collect();
        prop_assert_eq!(records.len(), events.len());
        for (record, event) in records.iter().zip(&events) {
            for cell in record {
                prop_assert!(!cell.starts_with(['=', '+', '-', '@', '\t', '\r']), "{}", cell);
            }
            let agent = event.user_agent.as_deref().unwrap_or_default();
            prop_assert_eq!(record[9].strip_prefix('\'').unwrap_or(&record[9]), agent.strip_prefix('\'').unwrap_or(agent));
            prop_assert_eq!(&record[12], event.outcome.as_str());
        }
    }
}

#[test]
fn a_table_is_these_bytes() {
    let mut quoted = event(2);
    quoted.at = carnet_ticket::time::Timestamp(1_700_000_000_500);
    quoted.reason = Some("=1+1, or so".into());
    let table = to_csv([(1, &event(1)), (2, &quoted)], true).unwrap();
    assert_eq!(
        String::from_utf8(table).unwrap(),
        concat!(
            "id,created_at,actor,method,path,status,duration_ms,request_id,remote_addr,user_agent,",
            "tenant_id,action,outcome,reason\r\n",
            "1,2023-11-14T22:13:20.001Z,key:admin,POST,/api/v1/admin/worker-tokens,200,3,req-1,",
            "127.0.0.1:5000,\"curl/8 \"\"quoted\"\"\",blue,worker-token.mint,allowed,\r\n",
            "2,2023-11-14T22:13:20.5Z,key:admin,POST,/api/v1/admin/worker-tokens,200,3,req-1,",
            "127.0.0.1:5000,\"curl/8 \"\"quoted\"\"\",,worker-token.mint,allowed,\"'=1+1, or so\"\r\n",
        )
    );
}
