//! Every way to tamper with a chain is found, and the first bad row is named.

use std::borrow::Cow;

use carnet_authority::audit::{
    ChainHash, Chained, Columns, Extent, Fault, FirstFault, Head, Report, Row, Status,
};
use proptest::prelude::*;

use super::support::{chain, checkpoint, event, follow, stored, verifier, verify};

fn at(seq: u64, fault: Fault) -> Option<FirstFault> {
    Some(FirstFault { seq, fault })
}

#[test]
fn a_whole_chain_holds_and_the_report_is_this_json() {
    let rows = chain(5);
    let report = verify(&rows, &[checkpoint(&rows[1]), checkpoint(&rows[4])]);
    assert_eq!(
        serde_json::to_string(&report).unwrap(),
        r#"{"status":"ok","rows":5,"from_seq":1,"to_seq":5,"checkpoints":2,"unchained":0,"first_fault":null}"#
    );
    assert_eq!(verify(&[], &[]).status, Status::Ok);
    let broken = verify(&rows[..3], &[checkpoint(&rows[4])]);
    assert_eq!(
        serde_json::to_string(&broken).unwrap(),
        concat!(
            r#"{"status":"broken","rows":3,"from_seq":1,"to_seq":3,"checkpoints":0,"unchained":0,"#,
            r#""first_fault":{"seq":4,"fault":"truncated"}}"#
        )
    );
}

/// One bit of what a store keeps of a row.
fn flip(row: &mut Row<'static>, bit: usize) -> bool {
    let columns = row.columns.as_mut().unwrap();
    let text = |text: &mut Cow<'static, str>| {
        let mut bytes = text.as_bytes().to_vec();
        let index = bit / 8 % bytes.len();
        bytes[index] ^= 1 << (bit % 8);
        String::from_utf8(bytes).map(|changed| *text = changed.into()).is_ok()
    };
    match bit % 9 {
        0 => columns.seq ^= 1 << (bit % 63),
        1 => columns.at ^= 1 << (bit % 63),
        2 => *columns.status.as_mut().unwrap() ^= 1 << (bit % 63),
        3 => return text(&mut columns.kind),
        4 => return text(&mut columns.actor),
        5 => return text(&mut columns.action),
        6 => return text(&mut columns.outcome),
        7 => return text(columns.path.as_mut().unwrap()),
        _ => return text(&mut columns.request_id),
    }
    true
}

fn owned(row: &Chained) -> Row<'static> {
    let canonical: &'static str = row.canonical.clone().leak();
    let columns = Columns::of(canonical);
    Row { canonical, prev_hash: row.prev_hash, hash: row.hash, columns }
}

proptest! {
    #[test]
    fn a_changed_bit_of_a_derived_column_is_found(index in 0_usize..5, bit in 0_usize..5000) {
        let rows = chain(5);
        let mut rows: Vec<_> = rows.iter().map(owned).collect();
        prop_assume!(flip(&mut rows[index], bit));
        let mut verifier = verifier(Extent::Whole, &[]);
        rows.iter().for_each(|row| verifier.row(row));
        let named = verifier.report().first_fault.unwrap().seq;
        prop_assert_eq!(named, index as u64 + 1);
    }

    #[test]
    fn a_deleted_row_is_named(len in 2_u16..12, index: prop::sample::Index) {
        let mut rows = chain(len);
        let last = checkpoint(&rows[usize::from(len) - 1]);
        let index = index.index(rows.len());
        rows.remove(index);
        let fault = if index == rows.len() { Fault::Truncated } else { Fault::Gap };
        prop_assert_eq!(verify(&rows, &[last]).first_fault, at(index as u64 + 1, fault));
    }

    #[test]
    fn a_row_that_stands_twice_is_found(len in 2_u16..12, from: prop::sample::Index, to: prop::sample::Index) {
        let mut rows = chain(len);
        let (from, to) = (from.index(rows.len()), to.index(rows.len() + 1));
        rows.insert(to, rows[from].clone());
        // Before itself, the second of the two is the one too many.
        let place = to + usize::from(from == to);
        let fault = if place < rows.len() { Fault::Reordered } else { Fault::Gap };
        prop_assert_eq!(verify(&rows, &[]).first_fault, at(place as u64 + 1, fault));
    }

    #[test]
    fn a_forged_row_is_found(len in 2_u16..12, index: prop::sample::Index) {
        let mut rows = chain(len);
        let index = index.index(rows.len());
        let elsewhere = ChainHash::ZERO.then("elsewhere");
        let forged = Head { seq: index as u64, hash: elsewhere }.append(&event(999));
        rows.insert(index, Chained { prev_hash: rows[index].prev_hash, ..forged });
        prop_assert_eq!(verify(&rows, &[]).first_fault, at(index as u64 + 1, Fault::HashMismatch));
    }

    #[test]
    fn two_rows_that_were_swapped_are_told_from_a_lost_one(len in 2_u16..12, a: prop::sample::Index, b: prop::sample::Index) {
        let mut rows = chain(len);
        let (a, b) = (a.index(rows.len()), b.index(rows.len()));
        prop_assume!(a != b);
        rows.swap(a, b);
        let first = a.min(b) as u64 + 1;
        prop_assert_eq!(verify(&rows, &[]).first_fault, at(first, Fault::Reordered));

        // In a store, contents may be swapped while the numbers stay.
        let columns: Vec<_> = chain(len).iter().map(|row| owned(row).columns).collect();
        let mut verifier = verifier(Extent::Whole, &[]);
        for (row, columns) in rows.iter().zip(columns) {
            let numbered = columns.map(|columns| Columns { seq: columns.seq, ..row.columns().unwrap() });
            verifier.row(&Row { columns: numbered, ..stored(row) });
        }
        prop_assert_eq!(verifier.report().first_fault, at(first, Fault::Reordered));
    }

    #[test]
    fn rows_that_end_before_a_checkpoint_are_truncated(len in 1_u16..12, kept: prop::sample::Index) {
        let rows = chain(len);
        let kept = kept.index(rows.len());
        let outside = checkpoint(rows.last().unwrap());
        prop_assert_eq!(verify(&rows[..kept], &[outside]).first_fault, at(kept as u64 + 1, Fault::Truncated));
    }

    #[test]
    fn a_chain_that_was_written_anew_breaks_at_the_next_checkpoint(len in 2_u16..12, from: prop::sample::Index, to: prop::sample::Index) {
        let rows = chain(len);
        let from = from.index(rows.len());
        let to = from + to.index(rows.len() - from);
        let head = if from == 0 { Head::START } else { rows[from - 1].head() };
        let anew = follow(head, (from..rows.len()).map(|_| event(999)));
        let rewritten = [&rows[..from], &anew[..]].concat();
        prop_assert_eq!(verify(&rewritten, &[]).status, Status::Ok, "nothing inside tells");
        let report = verify(&rewritten, &[checkpoint(&rows[to])]);
        prop_assert_eq!(report.first_fault, at(to as u64 + 1, Fault::CheckpointMismatch));
    }
}

#[test]
fn what_retention_left_verifies_behind_its_checkpoint_alone() {
    let rows = chain(6);
    let anchor = checkpoint(&rows[2]);
    let report = verify(&rows[3..], &[anchor.clone(), checkpoint(&rows[5])]);
    assert_eq!((report.status, report.from_seq, report.checkpoints), (Status::Ok, 4, 2));
    assert_eq!(verify(&rows[3..], &[]).first_fault, at(1, Fault::Gap));
    assert_eq!(verify(&rows[4..], &[anchor]).first_fault, at(1, Fault::Gap));
    let mut other = rows.clone();
    other[2].hash = rows[0].hash;
    let report = verify(&rows[3..], &[checkpoint(&other[2])]);
    assert_eq!(report.first_fault, at(4, Fault::HashMismatch));
}

#[test]
fn parts_of_a_chain_verify_as_what_they_are() {
    let rows = chain(9);
    let of = |extent, rows: &[Chained]| -> Report {
        let mut verifier = verifier(extent, &[checkpoint(&chain(9)[8])]);
        rows.iter().for_each(|row| verifier.row(&stored(row)));
        verifier.report()
    };
    assert_eq!(of(Extent::Stretch, &rows[3..7]).status, Status::Ok);
    let odd: Vec<_> = rows.iter().filter(|row| row.seq % 2 == 1).cloned().collect();
    assert_eq!(of(Extent::Excerpt, &odd).status, Status::Ok);
    assert_eq!(of(Extent::Excerpt, &odd).checkpoints, 1);
    assert_eq!(of(Extent::Stretch, &odd).first_fault, at(2, Fault::Gap));
    let swapped: Vec<_> = odd.iter().rev().cloned().collect();
    assert_eq!(of(Extent::Excerpt, &swapped).first_fault, at(10, Fault::Reordered));
    let mut changed = odd;
    changed[2].canonical = changed[2].canonical.replace("worker/5", "worker/6");
    assert_eq!(of(Extent::Excerpt, &changed).first_fault, at(5, Fault::HashMismatch));
}

#[test]
fn checkpoints_are_judged_in_their_place() {
    let rows = chain(6);
    let late = checkpoint(&rows[1]);
    let of = |checkpoints: &[(Option<u64>, &str)], rows: &[Chained]| {
        let mut verifier = verifier(Extent::Whole, &[]);
        checkpoints.iter().for_each(|(seq, text)| verifier.checkpoint(*seq, text));
        rows.iter().for_each(|row| verifier.row(&stored(row)));
        if !rows.is_empty() {
            verifier.checkpoint(Some(2), late.as_str());
        }
        verifier.report()
    };
    let third = checkpoint(&rows[2]);
    assert_eq!(of(&[(Some(3), third.as_str())], &rows).checkpoints, 1);
    let moved = of(&[(Some(5), third.as_str())], &rows);
    assert_eq!(moved.first_fault, at(5, Fault::CheckpointMismatch));
    for rows in [&rows[..], &[]] {
        assert_eq!(of(&[(Some(4), "x")], rows).first_fault, at(4, Fault::BadSignature));
        assert_eq!(of(&[(None, "x")], rows).first_fault, at(0, Fault::BadSignature));
    }
    let mut changed = rows.clone();
    changed[3].canonical.push(' ');
    let both = of(&[(Some(5), "x")], &changed);
    assert_eq!(both.first_fault, at(4, Fault::HashMismatch), "the first of two");
}
