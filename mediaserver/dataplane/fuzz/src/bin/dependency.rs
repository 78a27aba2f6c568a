//! Dependency descriptors: two of them as a stream brings them, the second read by the structure of the first.
#![no_main]

use libfuzzer_sys::fuzz_target;
use polyana_wire::dependency::{attached_structure, read, rewrite};

fuzz_target!(|input: &[u8]| {
    let Some((&split, rest)) = input.split_first() else {
        return;
    };
    let (first, second) = rest.split_at(usize::from(split).min(rest.len()));
    let Ok(Some(structure)) = attached_structure(first) else {
        return;
    };
    assert!(structure.is_same(&structure));
    for target in 0..structure.decode_targets() {
        assert!(structure.contained_in(target) & 1 << target != 0);
        assert!(structure.layer_of(target).0 <= structure.max_spatial_id());
    }
    for element in [first, &second[..second.len().min(255)]] {
        let Ok(found) = read(element, &structure) else {
            continue;
        };
        let mut out = [0; 260];
        let active = Some((structure.all_targets() & 0x5555_5555, structure.decode_targets()));
        let length = rewrite(element, found.frame.after_structure, 0x1234, active, &mut out).expect("fits");
        let again = read(&out[..length], &structure).expect("what was rewritten can be read");
        assert_eq!(again.frame.references, found.frame.references);
        assert_eq!(again.frame.indications, found.frame.indications);
        assert_eq!(again.mandatory.frame_number, 0x1234);
    }
});
